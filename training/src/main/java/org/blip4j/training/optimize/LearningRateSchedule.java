package org.blip4j.training.optimize;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.blip4j.graph.config.Meaning;

/** The learning rate of each step. In JSON, {@code kind} names the form. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = LearningRateSchedule.WarmupDecay.class, name = "warmup-decay"),
  @JsonSubTypes.Type(value = LearningRateSchedule.EpochCosine.class, name = "epoch-cosine"),
  @JsonSubTypes.Type(value = LearningRateSchedule.StepCosine.class, name = "step-cosine"),
  @JsonSubTypes.Type(value = LearningRateSchedule.Constant.class, name = "constant")
})
public sealed interface LearningRateSchedule {

  /** The rate of a step. */
  double rate(RunPosition position);

  /**
   * Pre-training as published (blip-spec 5.6): linear warm-up within epoch 0, then a factor for
   * each epoch. The warm-up is cut short where epoch 0 ends before it.
   */
  record WarmupDecay(
      @Meaning("rate after the warm-up") double peak,
      @Meaning("no later epoch goes below it") double floor,
      @Meaning("rate of step 0") double warmupStart,
      @Meaning("steps to the peak") long warmupSteps,
      @Meaning("factor of each epoch") double decay)
      implements LearningRateSchedule {

    /** Checks the ranges. */
    public WarmupDecay {
      positive("schedule.peak", peak);
      notNegative("schedule.warmupSteps", (double) warmupSteps);
      positive("schedule.decay", decay);
    }

    @Override
    public double rate(RunPosition position) {
      if (position.epoch() > 0 || warmupSteps == 0) {
        return Math.max(floor, peak * Math.pow(decay, (double) position.epoch()));
      }
      double reached = (peak - warmupStart) * position.iteration() / warmupSteps;
      return Math.min(peak, warmupStart + reached);
    }
  }

  /** Fine-tuning as published (blip-spec 7): a cosine over the epochs, constant within each. */
  record EpochCosine(
      @Meaning("rate of the first epoch") double peak,
      @Meaning("what the cosine approaches") double floor)
      implements LearningRateSchedule {

    /** Checks the range. */
    public EpochCosine {
      positive("schedule.peak", peak);
    }

    @Override
    public double rate(RunPosition position) {
      long epochs = -Math.floorDiv(-position.totalSteps(), position.stepsPerEpoch());
      double angle = Math.PI * position.epoch() / epochs;
      return (peak - floor) * 0.5 * (1 + Math.cos(angle)) + floor;
    }
  }

  /** Warm-up and cosine over the steps: for runs of few epochs. */
  record StepCosine(
      @Meaning("rate after the warm-up") double peak,
      @Meaning("steps of linear warm-up; the first has peak / warmupSteps") long warmupSteps,
      @Meaning("share of the peak that the cosine ends at") double floorFraction)
      implements LearningRateSchedule {

    /** Checks the ranges. */
    public StepCosine {
      positive("schedule.peak", peak);
      notNegative("schedule.warmupSteps", (double) warmupSteps);
      notNegative("schedule.floorFraction", floorFraction);
    }

    @Override
    public double rate(RunPosition position) {
      if (position.step() < warmupSteps) {
        return peak * (position.step() + 1) / warmupSteps;
      }
      long length = Math.max(1, position.totalSteps() - warmupSteps);
      double angle = Math.PI * (position.step() - warmupSteps) / length;
      return peak * (floorFraction + (1 - floorFraction) * 0.5 * (1 + Math.cos(angle)));
    }
  }

  /** One rate for all steps. */
  record Constant(@Meaning("the rate") double rate) implements LearningRateSchedule {

    /** Checks the range. */
    public Constant {
      positive("schedule.rate", rate);
    }

    @Override
    public double rate(RunPosition position) {
      return rate;
    }
  }

  private static void positive(String field, double value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException(field + " is " + value + "; it must be positive");
    }
  }

  private static void notNegative(String field, double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(field + " is " + value + "; it must not be negative");
    }
  }
}
