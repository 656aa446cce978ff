package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

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

  static List<MatchScore> read(Outputs outputs) {
    List<String> status = outputs.strings(ServingSignature.STATUS);
    float[] probability = outputs.floats(ServingSignature.ITM_PROBABILITY);
    float[] logits = outputs.floats(ServingSignature.ITM_LOGITS);
    float[] cosine = outputs.floats(ServingSignature.ITC_COSINE);
    List<MatchScore> scores = new ArrayList<>();
    for (int i = 0; i < status.size(); i++) {
      Logits both = new Logits(logits[2 * i], logits[2 * i + 1]);
      scores.add(new MatchScore(probability[i], both, cosine[i], status.get(i)));
    }
    return scores;
  }
}
