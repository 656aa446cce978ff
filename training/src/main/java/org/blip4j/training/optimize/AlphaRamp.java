package org.blip4j.training.optimize;

import java.util.Optional;
import org.blip4j.graph.config.Meaning;

/**
 * How the weight of the momentum encoders' soft targets grows linearly from 0 to its value
 * (blip-spec 5.3, 7.1).
 */
public record AlphaRamp(
    @Meaning(
            "passes over the data until alpha is reached (published: 2 in pre-training, 1 in"
                + " retrieval); instead of steps")
        Optional<Double> epochs,
    @Meaning("steps until alpha is reached, for runs of few epochs; instead of epochs")
        Optional<Long> steps) {

  /** Checks that one length is given. */
  public AlphaRamp {
    if (epochs.isPresent() == steps.isPresent()) {
      throw new IllegalArgumentException(
          epochs.isPresent()
              ? "alphaRamp has epochs %s and steps %d; give one of them"
                  .formatted(epochs.get(), steps.get())
              : "alphaRamp has neither epochs nor steps; give one of them");
    }
    if (!(epochs.orElse(1.0) > 0) || steps.orElse(1L) < 1) {
      throw new IllegalArgumentException(
          "alphaRamp of %s is no length; it must be positive"
              .formatted(epochs.isPresent() ? epochs.get() + " epochs" : steps.get() + " steps"));
    }
  }

  /** Growth over passes of the data. */
  public static AlphaRamp ofEpochs(double epochs) {
    return new AlphaRamp(Optional.of(epochs), Optional.empty());
  }

  /** Growth over steps. */
  public static AlphaRamp ofSteps(long steps) {
    return new AlphaRamp(Optional.empty(), Optional.of(steps));
  }

  /** The weight at a step, given what it grows to. */
  public double alpha(double full, RunPosition position) {
    double length =
        steps.isPresent() ? (double) steps.get() : epochs.get() * position.stepsPerEpoch();
    return full * Math.min(1, position.step() / length);
  }
}
