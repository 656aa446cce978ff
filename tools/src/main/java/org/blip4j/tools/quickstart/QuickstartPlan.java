package org.blip4j.tools.quickstart;

import org.blip4j.tools.scenes.SceneData;

/**
 * How much the quickstart makes and trains.
 *
 * @param data sizes of the sets, and the seed of everything
 * @param batch pairs in a training step
 * @param pretrainSteps steps of each pre-training
 * @param captionerSteps steps of the captioner's fine-tuning
 * @param filterSteps steps of the filter's fine-tuning
 */
public record QuickstartPlan(
    SceneData.Plan data, int batch, int pretrainSteps, int captionerSteps, int filterSteps) {
  /** Refuses runs without steps. */
  public QuickstartPlan {
    if (batch < 2 || Math.min(pretrainSteps, Math.min(captionerSteps, filterSteps)) < 1) {
      throw new IllegalArgumentException(
          "batch %d and %d, %d, %d steps are too few; use a batch of 2 and 1 step at least"
              .formatted(batch, pretrainSteps, captionerSteps, filterSteps));
    }
  }

  /** The sizes at which the whole loop shows its effect in minutes. */
  public static QuickstartPlan standard(long seed) {
    return new QuickstartPlan(SceneData.Plan.standard(seed), 64, 850, 400, 600);
  }

  /** A few steps over a few pictures: every stage runs, nothing is learned. */
  public static QuickstartPlan smoke(long seed) {
    return new QuickstartPlan(new SceneData.Plan(seed, 48, 96, 24, 48), 16, 4, 3, 3);
  }
}
