package org.blip4j.training.config;

/**
 * How long a run is. One of {@code epochs} and {@code steps} is given, the other is 0.
 *
 * @param batch pairs in a step
 * @param epochs passes over the data
 * @param steps steps
 */
public record Duration(int batch, long epochs, long steps) {

  /** Checks that one length is given. */
  public Duration {
    if (batch < 1) {
      throw new IllegalArgumentException("duration.batch is " + batch + "; it must be positive");
    }
    if (epochs < 0 || steps < 0 || (epochs > 0) == (steps > 0)) {
      throw new IllegalArgumentException(
          "duration has epochs %d and steps %d; one must be positive, the other 0"
              .formatted(epochs, steps));
    }
  }

  /** Steps of the whole run. */
  public long totalSteps(long stepsPerEpoch) {
    return steps > 0 ? steps : Math.multiplyExact(epochs, stepsPerEpoch);
  }
}
