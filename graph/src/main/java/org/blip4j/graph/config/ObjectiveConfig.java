package org.blip4j.graph.config;

/** Constants of the training objectives (paper section 3.2, blip-spec 5). */
public record ObjectiveConfig(
    @Meaning("entries of each feature queue; a multiple of the batch") int queueSize,
    @Meaning("weight of the old value in the momentum encoders") double momentum,
    @Meaning("weight of the momentum encoders' soft targets once it has ramped up") double alpha,
    @Meaning("first value of the learned temperature") double temperature,
    @Meaning("of the language modelling loss") double labelSmoothing,
    @Meaning(
            "whether a text equal to the positive one is never drawn as a negative; upstream draws"
                + " them")
        boolean distinctNegatives,
    @Meaning(
            value =
                "what similarities are multiplied by before negatives are drawn by them; published:"
                    + " 1. 0 draws evenly; below 1 suits small batches and texts that fit many"
                    + " images, where the hardest \"wrong\" pair is often a right one",
            absent = "1")
        double negativeHardness) {
  /** The temperature is kept within these bounds. */
  public static final double SMALLEST_TEMPERATURE = 0.001;

  /** The temperature is kept within these bounds. */
  public static final double LARGEST_TEMPERATURE = 0.5;

  /** Checks the ranges. */
  public ObjectiveConfig {
    Checks.positive("objective.queueSize", queueSize);
    Checks.rate("objective.momentum", momentum);
    Checks.rate("objective.alpha", alpha);
    Checks.rate("objective.labelSmoothing", labelSmoothing);
    Checks.positive("objective.temperature", temperature);
    Checks.notNegative("objective.negativeHardness", negativeHardness);
  }

  /** The published values. */
  public static ObjectiveConfig published() {
    return new ObjectiveConfig(57600, 0.995, 0.4, 0.07, 0.1, false, 1);
  }

  /**
   * Checks the queue against a batch.
   *
   * @throws IllegalArgumentException if the batch does not divide the queue
   */
  public void requireBatch(int batch) {
    if (batch < 2) {
      throw new IllegalArgumentException(
          "batch " + batch + " is too small: hard negatives need at least 2 pairs");
    }
    if (queueSize % batch != 0) {
      int below = queueSize / batch * batch;
      throw new IllegalArgumentException(
          "batch %d does not divide objective.queueSize %d; use a queue of %s%d"
              .formatted(batch, queueSize, below > 0 ? below + " or " : "", below + batch));
    }
  }
}
