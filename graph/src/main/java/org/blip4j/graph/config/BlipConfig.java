package org.blip4j.graph.config;

import java.util.Objects;
import org.blip4j.ops.core.Initializer;

/** Architecture of a BLIP model. */
public record BlipConfig(
    @Meaning("the image encoder") VitConfig vision,
    @Meaning("the text transformer") TextConfig text,
    @Meaning("width of the contrastive space") int embedDim,
    @Meaning("how kernels and embeddings start when there is no checkpoint")
        Initializer.Scheme initialization) {

  /** Checks that all parts are there. */
  public BlipConfig {
    Objects.requireNonNull(vision, "vision is missing in the model configuration");
    Objects.requireNonNull(text, "text is missing in the model configuration");
    Objects.requireNonNull(initialization, "initialization is missing; use PUBLISHED");
    Checks.positive("embedDim", embedDim);
  }

  /** The published base model (ViT-B/16). */
  public static BlipConfig base(int imageSize) {
    return new BlipConfig(
        VitConfig.base(imageSize), TextConfig.base(), 256, Initializer.Scheme.PUBLISHED);
  }

  /** The published large model (ViT-L/16; the text side is that of base). */
  public static BlipConfig large(int imageSize) {
    return new BlipConfig(
        VitConfig.large(imageSize), TextConfig.base(), 256, Initializer.Scheme.PUBLISHED);
  }

  /** Two layers of width 32 over 32-pixel images: what tests use. */
  public static BlipConfig tiny() {
    return new BlipConfig(
        new VitConfig(32, 16, 32, 2, 4, 4, 1e-6, 0),
        new TextConfig(
            120,
            32,
            2,
            4,
            64,
            64,
            1e-12,
            0,
            new TextConfig.SpecialTokens(0, 100, 101, 102, 103, 118, 119)),
        16,
        Initializer.Scheme.WIDTH_SCALED);
  }

  /** The same for images of another size. */
  public BlipConfig withImageSize(int size) {
    return new BlipConfig(vision.withImageSize(size), text, embedDim, initialization);
  }

  /** The same with another rate of stochastic depth. */
  public BlipConfig withDropPath(double rate) {
    return new BlipConfig(vision.withDropPath(rate), text, embedDim, initialization);
  }

  /** The same without dropout and stochastic depth. */
  public BlipConfig withoutDropout() {
    return new BlipConfig(vision.withDropPath(0), text.withDropout(0), embedDim, initialization);
  }
}
