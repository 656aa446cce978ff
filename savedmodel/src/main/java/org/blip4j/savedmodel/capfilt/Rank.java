package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonProperty;

/** By which score several candidates of the captioner are ranked ({@code --rank}). */
public enum Rank {
  /** The match probability of the image-grounded encoder. */
  @JsonProperty("itm")
  itm,
  /** The cosine of the contrastive features. */
  @JsonProperty("itc")
  itc;

  float of(MatchScore score) {
    return this == itm ? score.itmProbability() : score.itcCosine();
  }
}
