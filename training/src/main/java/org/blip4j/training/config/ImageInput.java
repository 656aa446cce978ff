package org.blip4j.training.config;

import java.util.Optional;
import org.blip4j.graph.config.Meaning;
import org.blip4j.ops.image.Augmentation;

/**
 * How images of a training batch are prepared (blip-spec 5.8).
 *
 * @see RunConfig
 */
public record ImageInput(
    @Meaning("side in pixels; left out: the architecture's") Optional<Integer> size,
    @Meaning(
            "smallest share of the area that a random crop keeps; left out: no crop, the whole"
                + " image is resized")
        Optional<Double> cropScale,
    @Meaning("whether half of the images are mirrored") boolean flip,
    @Meaning("random operations on each image (RandAugment); 0: none") int operations,
    @Meaning("strength of these operations, 0 to 10") int level,
    @Meaning(
            "what happens at a record or image that cannot be read: FAIL ends the run, SKIP names"
                + " it and goes on without it")
        Damaged damaged) {

  /** What to do with a damaged record or image. */
  public enum Damaged {
    /** End the run with an error. */
    FAIL,
    /** Name it, count it and go on without it. */
    SKIP
  }

  /** Checks the ranges. */
  public ImageInput {
    if (size.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "images.size is " + size.get() + "; it must be positive, or left out");
    }
    if (!(cropScale.orElse(1.0) > 0 && cropScale.orElse(1.0) <= 1)) {
      throw new IllegalArgumentException(
          "images.cropScale is %s; it must be in (0, 1], or left out for no crop"
              .formatted(cropScale.get()));
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

  /** Every image whole and as it is; a damaged one ends the run. */
  public static ImageInput plainly() {
    return new ImageInput(Optional.empty(), Optional.empty(), false, 0, 0, Damaged.FAIL);
  }

  public Augmentation.Settings augmentation() {
    return new Augmentation.Settings(cropScale.orElse(0.0), flip, operations, level);
  }

  /** Whether every epoch sees the same pixels. */
  public boolean plain() {
    return cropScale.isEmpty() && !flip && operations == 0;
  }
}
