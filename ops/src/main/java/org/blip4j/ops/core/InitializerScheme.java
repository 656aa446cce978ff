package org.blip4j.ops.core;

/** How linear kernels and embeddings start; chosen in the model configuration. */
public enum InitializerScheme {
  /** Normal(0, 0.02) everywhere, as published for base and large (BERT and timm). */
  PUBLISHED {
    @Override
    public Initializer kernel(long fanIn) {
      return new Initializer.Normal(0.02f);
    }

    @Override
    public Initializer embedding() {
      return new Initializer.Normal(0.02f);
    }
  },
  /**
   * Normal(0, 1/sqrt(fan in)) for kernels and 0.1 for embeddings: contrastive learning starts at
   * small widths only with this one.
   */
  WIDTH_SCALED {
    @Override
    public Initializer kernel(long fanIn) {
      return new Initializer.Normal((float) (1.0 / Math.sqrt((double) fanIn)));
    }

    @Override
    public Initializer embedding() {
      return new Initializer.Normal(0.1f);
    }
  };

  /** The first value of a kernel {@code [fanIn, out]}. */
  public abstract Initializer kernel(long fanIn);

  /** The first value of an embedding table. */
  public abstract Initializer embedding();
}
