package org.blip4j.graph.config;

import java.util.Objects;

/**
 * How a model's texts are prepared (blip-spec 4.2, 4.4); lengths count the first token and the
 * prompt.
 *
 * @param prompt put before captions in training and generation; may be empty
 * @param maxWords words kept by caption cleaning
 * @param matchTokens tokens of a text that is matched or embedded
 * @param minCaptionTokens shortest generated caption
 * @param maxCaptionTokens longest generated caption
 */
public record TextSettings(
    String prompt, int maxWords, int matchTokens, int minCaptionTokens, int maxCaptionTokens) {

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

  /** The published values. */
  public static TextSettings published() {
    return new TextSettings("a picture of ", 30, 35, 5, 20);
  }
}
