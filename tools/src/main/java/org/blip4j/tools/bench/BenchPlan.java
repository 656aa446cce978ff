package org.blip4j.tools.bench;

import java.util.Objects;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.tools.capfilt.CapFiltCommand;
import org.blip4j.tools.infer.CaptionCommand;
import org.tensorflow.proto.ConfigProto;

/**
 * What to measure and how often.
 *
 * @param work what is run
 * @param size the model's size; ignored for matrix products
 * @param batch images at once, or texts to be matched
 * @param atOnce batches computed at once, each a run of the session
 * @param repeat measured runs, after one that is not counted
 * @param session threads and device
 * @param kernels what products are made of
 * @param profile whether to tell the time of each kind of operation of training, or of each stage
 *     of CapFilt
 * @param shareVision whether CapFilt's two models have one image encoder
 */
public record BenchPlan(
    Work work,
    Size size,
    int batch,
    int atOnce,
    int repeat,
    ConfigProto session,
    Kernels kernels,
    boolean profile,
    boolean shareVision) {

  /** Checks the counts. */
  public BenchPlan {
    Objects.requireNonNull(work, "work");
    Objects.requireNonNull(size, "size");
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(kernels, "kernels");
    if (profile && work != Work.pretrain && work != Work.capfilt) {
      throw new IllegalArgumentException(
          "--profile is for pretrain and capfilt; leave it out for " + work);
    }
    if (shareVision && work != Work.capfilt) {
      throw new IllegalArgumentException("--share-vision is for capfilt; leave it out for " + work);
    }
    if (batch < 1) {
      throw new IllegalArgumentException("batch " + batch + " is less than 1");
    }
    if (atOnce < 1) {
      throw new IllegalArgumentException(
          "--at-once " + atOnce + " is less than 1; use 1 to measure one batch after another");
    }
    if (repeat < 1) {
      throw new IllegalArgumentException(
          "--repeat " + repeat + " is less than 1; use 3 or more, since machines are noisy");
    }
  }

  /** What can be measured. */
  public enum Work {
    /** One product of two 2048 x 2048 matrices, the measure of all others. */
    matmul,
    /** The vision transformer on a batch of images. */
    vit,
    /** Captions of a batch of images: beam 3, exactly 20 ids, vision included. */
    caption,
    /**
     * Match logits of one image with many texts, as long as COCO's captions; the image is encoded.
     */
    match,
    /**
     * CapFilt's step on a batch of images: a nucleus caption of exactly 20 ids by one model, and
     * match logits of two texts of 20 ids by another one, each with a vision transformer of its own
     * unless the plan says otherwise.
     */
    capfilt,
    /** A step of pre-training: losses, gradients, AdamW and momentum encoders. */
    pretrain,
    /** Batches of pre-training, read, decoded and augmented, beside the step that takes them. */
    input;

    /** Whether it runs steps of pre-training. */
    boolean trains() {
      return this == pretrain || this == input;
    }

    /** What a run with {@code --batch-size N} has N of. */
    public int defaultBatch() {
      return switch (this) {
        case match -> 32;
        case capfilt, pretrain, input -> 4;
        case matmul, vit, caption -> 1;
      };
    }

    /** Batches that are computed at once: as many as the command of that name does. */
    public int defaultAtOnce() {
      return switch (this) {
        case caption -> CaptionCommand.AT_ONCE;
        case capfilt -> CapFiltCommand.AT_ONCE;
        case matmul, vit, match, pretrain, input -> 1;
      };
    }
  }

  /** The architecture of the models; published ones are pre-trained at 224 pixels. */
  BlipConfig architecture() {
    return size.config(work.trains() ? 224 : 384);
  }

  /** Sizes of the models that are measured. */
  public enum Size {
    /** ViT-B/16 and the published text model. */
    base,
    /** ViT-L/16 and the published text model. */
    large,
    /** The quickstart's model: width 64, 32 pixels. */
    quickstart,
    /** A model for photographs of flowers: width 128, 96 pixels. */
    flowers,
    /** Two layers of width 32; to try the command. */
    tiny;

    private static final int POSITIONS = 64;

    /** Whether it is one of the published models. */
    boolean published() {
      return this == base || this == large;
    }

    /** Whether its pictures are photographs, augmented as published; else whole as they are. */
    boolean augmented() {
      return published() || this == flowers;
    }

    /** Tokens that texts are cut and padded to in pre-training. */
    int trainedTokens() {
      return switch (this) {
        case base, large -> 30;
        case quickstart, tiny -> 14;
        case flowers -> 24;
      };
    }

    /**
     * The architecture.
     *
     * @param pixels side of the pictures of a published model
     */
    BlipConfig config(int pixels) {
      return switch (this) {
        case base -> BlipConfig.base(pixels);
        case large -> BlipConfig.large(pixels);
        case quickstart -> small(new VitConfig(32, 8, 64, 3, 4, 4, 1e-6, 0), 79, 2, 32);
        case flowers -> small(new VitConfig(96, 12, 128, 4, 4, 4, 1e-6, 0), 941, 3, 64);
        case tiny -> BlipConfig.tiny();
      };
    }

    private static BlipConfig small(VitConfig vision, int words, int layers, int embedding) {
      TextConfig.SpecialTokens tokens = new TextConfig.SpecialTokens(0, 1, 2, 3, 4, 5, 6);
      return new BlipConfig(
          vision,
          new TextConfig(
              words,
              vision.width(),
              layers,
              vision.heads(),
              4 * vision.width(),
              POSITIONS,
              1e-12,
              0,
              tokens),
          embedding,
          Initializer.Scheme.WIDTH_SCALED);
    }
  }
}
