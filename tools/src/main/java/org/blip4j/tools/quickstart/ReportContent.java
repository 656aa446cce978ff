package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import org.blip4j.tools.report.EmbeddedPng;
import org.blip4j.tools.report.LossChart;

/**
 * Everything that the quickstart's report shows.
 *
 * @param summary the before and after
 * @param filter how well the filter judged
 * @param charts loss curves of both pre-trainings and of the fine-tunings
 * @param examples some web pictures with their texts, scores and decisions
 * @param heldOut some held-out pictures with both models' captions
 * @param settings sizes of sets and model, steps, machine
 */
public record ReportContent(
    QuickstartSummary summary,
    FilterFigures filter,
    ImmutableList<LossChart> charts,
    ImmutableList<Example> examples,
    ImmutableList<HeldOut> heldOut,
    ImmutableList<Setting> settings) {
  /**
   * A web picture and what CapFilt made of it.
   *
   * @param picture the picture
   * @param outcome texts, scores, decisions, truth
   */
  public record Example(EmbeddedPng picture, CapFiltOutcome outcome) {}

  /**
   * A held-out picture and what both models say of it.
   *
   * @param picture the picture
   * @param truth its own caption
   * @param first caption of the model of raw web texts
   * @param second caption of the model of the bootstrapped set
   */
  public record HeldOut(EmbeddedPng picture, String truth, Answer first, Answer second) {}

  /**
   * A generated caption.
   *
   * @param caption the text
   * @param right whether it is fully right
   */
  public record Answer(String caption, boolean right) {}

  /**
   * A line of the table of settings.
   *
   * @param name such as "web set"
   * @param value such as "10,000 pictures"
   */
  public record Setting(String name, String value) {}
}
