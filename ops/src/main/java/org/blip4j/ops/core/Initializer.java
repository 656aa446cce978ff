package org.blip4j.ops.core;

import org.tensorflow.Operand;
import org.tensorflow.framework.initializers.BaseInitializer;
import org.tensorflow.framework.initializers.RandomNormal;
import org.tensorflow.framework.initializers.RandomUniform;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * The value a variable has before training, by the formulas of TensorFlow's framework; sealed, so
 * that it can be listed and compared.
 */
public sealed interface Initializer {

  /** Every element has one value. */
  record Constant(float value) implements Initializer {}

  /** Normal with mean 0. */
  record Normal(float standardDeviation) implements Initializer {}

  /** Uniform in {@code (-bound, bound)}. */
  record Uniform(float bound) implements Initializer {}

  /** Rows drawn from a normal distribution and scaled to length 1, as the published queues. */
  record UnitRows() implements Initializer {}

  /** Zeros. */
  static Initializer zeros() {
    return new Constant(0f);
  }

  /** Ones. */
  static Initializer ones() {
    return new Constant(1f);
  }

  /** PyTorch's default of a linear map or convolution: uniform within 1/sqrt(fan in). */
  static Initializer fanInUniform(long fanIn) {
    return new Uniform((float) (1.0 / Math.sqrt((double) fanIn)));
  }

  /**
   * The value as an operand of the context's graph, drawn from the named stream of the seed.
   *
   * @param dimensions the shape, of rank 1
   */
  default Operand<TFloat32> build(GraphContext ctx, Operand<TInt64> dimensions, long stream) {
    return this instanceof UnitRows
        ? normalized(ctx, draw(ctx, new RandomNormal<>(0, 1, stream), dimensions))
        : draw(ctx, formula(stream), dimensions);
  }

  private BaseInitializer<TFloat32> formula(long stream) {
    if (this instanceof Constant constant) {
      return new org.tensorflow.framework.initializers.Constant<>((double) constant.value());
    }
    if (this instanceof Uniform uniform) {
      return new RandomUniform<>(-uniform.bound(), uniform.bound(), stream);
    }
    return new RandomNormal<>(0, ((Normal) this).standardDeviation(), stream);
  }

  private static Operand<TFloat32> draw(
      GraphContext ctx, BaseInitializer<TFloat32> formula, Operand<TInt64> dimensions) {
    return formula.call(ctx.tf(), dimensions, TFloat32.class);
  }

  private static Operand<TFloat32> normalized(GraphContext ctx, Operand<TFloat32> rows) {
    Operand<TFloat32> squares = ctx.sumKept(ctx.tf().math.square(rows), -1); // [Q, 1]
    return ctx.mul(rows, ctx.tf().math.rsqrt(squares));
  }

  /** How linear kernels and embeddings start; chosen in the model configuration. */
  enum Scheme {
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
}
