package org.blip4j.savedmodel.capfilt;

/**
 * How well a text matches an image, in the eyes of the filter.
 *
 * @param itmProbability softmax of the matching head's two logits, the share of "match"
 * @param itcCosine cosine of the contrastive features
 */
public record MatchScore(float itmProbability, float itcCosine) {
  /** Refuses what is no probability or no number. */
  public MatchScore {
    if (!(itmProbability >= 0 && itmProbability <= 1) || Float.isNaN(itcCosine)) {
      throw new IllegalArgumentException(
          "match probability %s and cosine %s are no scores; is the filter's checkpoint damaged?"
              .formatted(itmProbability, itcCosine));
    }
  }
}
