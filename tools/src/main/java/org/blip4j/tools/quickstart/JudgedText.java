package org.blip4j.tools.quickstart;

/**
 * A text beside a picture, what the filter decided and whether it was right to.
 *
 * @param text the text
 * @param right the truth: it describes the picture fully
 * @param score the filter's match probability
 * @param kept the filter's decision
 */
public record JudgedText(String text, boolean right, double score, boolean kept) {
  /** Refuses what is no probability. */
  public JudgedText {
    Shares.require("score of \"" + text + "\"", score);
  }

  boolean isJudgedWell() {
    return right == kept;
  }
}
