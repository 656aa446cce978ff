package org.blip4j.training.optimize;

/**
 * How the weight of the momentum encoders' soft targets grows from 0 to its value (blip-spec 5.3,
 * 7.1). One of the two lengths is given, the other is 0.
 *
 * @param epochs of linear growth: 2 in pre-training, 1 in retrieval
 * @param steps of linear growth, for runs of few epochs
 */
public record AlphaRamp(double epochs, long steps) {

  /** Checks that one length is given. */
  public AlphaRamp {
    if (!(epochs >= 0) || steps < 0 || (epochs > 0) == (steps > 0)) {
      throw new IllegalArgumentException(
          "alphaRamp has epochs %s and steps %d; one must be positive, the other 0"
              .formatted(epochs, steps));
    }
  }

  /** The weight at a step, given what it grows to. */
  public double alpha(double full, RunPosition position) {
    double length = steps > 0 ? steps : epochs * position.stepsPerEpoch();
    return full * Math.min(1, position.step() / length);
  }
}
