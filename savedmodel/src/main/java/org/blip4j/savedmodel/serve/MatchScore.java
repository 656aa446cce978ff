package org.blip4j.savedmodel.serve;

/**
 * How well a text fits an image.
 *
 * @param itmProbability that they belong together, judged by reading the text with the image; the
 *     score that CapFilt filters by
 * @param itmLogits scores of "no match" and "match" from which the probability comes
 * @param itcCosine of the two features; for ranking many
 * @param status empty, or what was wrong with the image
 */
public record MatchScore(float itmProbability, Logits itmLogits, float itcCosine, String status) {

  /** Two scores. */
  public record Logits(float noMatch, float match) {}

  /** Whether the image was read. */
  public boolean ok() {
    return status.isEmpty();
  }
}
