package org.blip4j.graph.config;

/** Sizes of the vision transformer. */
public record VitConfig(
    @Meaning("side of the square input in pixels") int imageSize,
    @Meaning("side of a patch in pixels") int patchSize,
    @Meaning("width of the states") int width,
    @Meaning("number of blocks") int layers,
    @Meaning("attention heads") int heads,
    @Meaning("hidden width of a block's MLP over its width; see mlpWidth") double mlpRatio,
    @Meaning("added to the variance") double layerNormEpsilon,
    @Meaning("stochastic depth of the last block, growing linearly from 0 in the first")
        double dropPath) {

  private static final double ROUNDING = 1e-6;

  /** Checks the sizes against each other. */
  public VitConfig {
    Checks.positive("vision.imageSize", imageSize);
    Checks.positive("vision.patchSize", patchSize);
    Checks.positive("vision.layers", layers);
    Checks.positive("vision.mlpRatio", mlpRatio);
    Checks.positive("vision.layerNormEpsilon", layerNormEpsilon);
    Checks.rate("vision.dropPath", dropPath);
    Checks.heads("vision", width, heads);
    Checks.positive("vision.width times vision.mlpRatio", mlpWidth(width, mlpRatio));
    if (imageSize % patchSize != 0) {
      int below = imageSize / patchSize * patchSize;
      throw new IllegalArgumentException(
          "image size %d is not a multiple of patch %d; use %s%d"
              .formatted(imageSize, patchSize, below > 0 ? below + " or " : "", below + patchSize));
    }
  }

  /** ViT-B/16. */
  public static VitConfig base(int imageSize) {
    return new VitConfig(imageSize, 16, 768, 12, 12, 4, 1e-6, 0);
  }

  /** ViT-L/16; its stochastic depth is always 0.1 in training. */
  public static VitConfig large(int imageSize) {
    return new VitConfig(imageSize, 16, 1024, 24, 16, 4, 1e-6, 0.1);
  }

  /** The ratio that gives a hidden width. */
  public static double mlpRatio(int width, long hidden) {
    return (double) hidden / width;
  }

  /** Hidden width of a block's MLP: the whole part of width times ratio, as published. */
  public int mlpWidth() {
    return mlpWidth(width, mlpRatio);
  }

  private static int mlpWidth(int width, double ratio) {
    return (int) (width * ratio + ROUNDING);
  }

  /** Patches along one side. */
  public int grid() {
    return imageSize / patchSize;
  }

  /** Length of the state sequence: patches and the class token. */
  public int tokens() {
    return grid() * grid() + 1;
  }

  /** The same for images of another size. */
  public VitConfig withImageSize(int size) {
    return new VitConfig(
        size, patchSize, width, layers, heads, mlpRatio, layerNormEpsilon, dropPath);
  }

  /** The same with another rate of stochastic depth. */
  public VitConfig withDropPath(double rate) {
    return new VitConfig(
        imageSize, patchSize, width, layers, heads, mlpRatio, layerNormEpsilon, rate);
  }
}
