package org.blip4j.training.config;

import org.blip4j.ops.image.Augmentation;

/**
 * How images of a training batch are prepared (blip-spec 5.8).
 *
 * @param size side in pixels; 0 = the architecture's
 * @param cropScale smallest share of the area that a random crop keeps; 0 = no crop, the whole
 *     image is resized
 * @param flip whether half of the images are mirrored
 * @param operations random operations on each image (RandAugment); 0 = none
 * @param level strength of these operations, of 10
 * @param damaged what happens at a record or image that cannot be read
 */
public record ImageInput(
    int size, double cropScale, boolean flip, int operations, int level, Damaged damaged) {

  /** What to do with a damaged record or image. */
  public enum Damaged {
    /** End the run with an error. */
    FAIL,
    /** Name it, count it and go on without it. */
    SKIP
  }

  /** Where two images of a batch count as the same one, for retrieval. */
  public enum Identity {
    /** Those of one record. */
    IMAGE,
    /** Those with the same text. */
    TEXT
  }

  /** Checks the ranges. */
  public ImageInput {
    if (size < 0) {
      throw new IllegalArgumentException("images.size is " + size + "; 0 = the architecture's");
    }
    if (!(cropScale >= 0 && cropScale <= 1)) {
      throw new IllegalArgumentException(
          "images.cropScale is " + cropScale + "; it must be in [0, 1], 0 = no crop");
    }
    if (operations < 0 || level < 0 || level > 10) {
      throw new IllegalArgumentException(
          "images.operations %d must not be negative and images.level %d must be in 0..10"
              .formatted(operations, level));
    }
    if (damaged == null) {
      throw new IllegalArgumentException("images.damaged is missing; use FAIL or SKIP");
    }
  }

  public Augmentation.Settings augmentation() {
    return new Augmentation.Settings(cropScale, flip, operations, level);
  }

  /** Whether every epoch sees the same pixels. */
  public boolean plain() {
    return cropScale == 0 && !flip && operations == 0;
  }
}
