package org.blip4j.training.event;

import com.google.common.collect.ImmutableMap;

/**
 * What a run says at a logged step.
 *
 * @param step steps taken
 * @param totalSteps steps of the whole run
 * @param epoch of the last step
 * @param learningRate of the last step
 * @param alpha of the last step
 * @param means diagnostics by name, means over the steps since the last report, and {@link
 *     #REPLACED}
 * @param samplesPerSecond since the last report
 * @see TrainingListener
 */
public record StepReport(
    long step,
    long totalSteps,
    long epoch,
    double learningRate,
    double alpha,
    ImmutableMap<String, Double> means,
    double samplesPerSecond) {
  /** Share of rightly judged ITM pairs if every answer is "no match": two of three pairs are. */
  public static final double ITM_BASELINE = 2.0 / 3;

  /** Name of the diagnostic that {@link #ITM_BASELINE} belongs to. */
  public static final String ITM_ACCURACY = "itm_accuracy";

  /** ITM loss if every answer is that two of three pairs do not match: the entropy, 0.6365. */
  public static final double ITM_BASELINE_LOSS = Math.log(3) - ITM_BASELINE * Math.log(2);

  /** Name of the diagnostic that {@link #ITM_BASELINE_LOSS} belongs to. */
  public static final String ITM_LOSS = "loss_itm";

  /** Name of the norm of all gradients; that of a part is this name, a slash and the part's. */
  public static final String GRADIENT_NORM = "gradient_norm";

  /**
   * Name of the number of images since the last report that could not be decoded and were replaced
   * by others of their batch.
   */
  public static final String REPLACED = "images_replaced";

  /** All but times, by name: the line of {@code metrics.jsonl}. */
  public ImmutableMap<String, Object> metrics() {
    ImmutableMap.Builder<String, Object> line = ImmutableMap.builder();
    line.put("step", step).put("epoch", epoch).put("learning_rate", learningRate);
    if (means.containsKey("loss_itc")) {
      line.put("alpha", alpha);
    }
    line.putAll(means);
    if (means.containsKey(ITM_ACCURACY)) {
      line.put("itm_baseline", ITM_BASELINE);
    }
    return line.buildOrThrow();
  }
}
