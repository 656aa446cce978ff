package org.blip4j.graph.config;

import java.util.Objects;
import org.blip4j.data.text.Dialogue;

/**
 * How a model's texts are prepared (blip-spec 4.2, 4.4); lengths count the first token and the
 * prompt.
 */
public record TextSettings(
    @Meaning("put before captions in training and generation; may be empty") String prompt,
    @Meaning("words kept by the cleaning of captions, questions or statements") int maxWords,
    @Meaning("tokens of a text that is matched, embedded, asked or judged") int matchTokens,
    @Meaning("shortest generated caption or answer") int minCaptionTokens,
    @Meaning("longest generated caption or answer") int maxCaptionTokens) {

  /** Checks the ranges. */
  public TextSettings {
    Objects.requireNonNull(prompt, "textSettings.prompt is missing; \"\" means none");
    Checks.positive("textSettings.maxWords", maxWords);
    Checks.positive("textSettings.matchTokens", matchTokens);
    Checks.positive("textSettings.maxCaptionTokens", maxCaptionTokens);
    if (minCaptionTokens < 0 || minCaptionTokens > maxCaptionTokens) {
      throw new IllegalArgumentException(
          "textSettings.minCaptionTokens is "
              + minCaptionTokens
              + "; it must be between 0 and maxCaptionTokens "
              + maxCaptionTokens);
    }
  }

  /** The same for a text transformer of so many positions. */
  public TextSettings within(int positions) {
    return new TextSettings(
        prompt,
        maxWords,
        Math.min(matchTokens, positions),
        Math.min(minCaptionTokens, positions),
        Math.min(maxCaptionTokens, positions));
  }

  /** The published values of captioning and matching. */
  public static TextSettings published() {
    return new TextSettings("a picture of ", 30, 35, 5, 20);
  }

  /** The published values of a task. */
  public static TextSettings published(Task task) {
    return switch (task) {
      case PRETRAIN, CAPTION, RETRIEVAL -> published();
      case VQA -> new TextSettings("", 50, 35, 1, 10);
      case NLVR -> new TextSettings("", 40, 512, 5, 20);
      case DIALOGUE -> new TextSettings("", 40, Dialogue.MAX_TOKENS, 5, 20);
    };
  }
}
