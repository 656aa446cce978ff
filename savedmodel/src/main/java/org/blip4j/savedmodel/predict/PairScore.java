package org.blip4j.savedmodel.predict;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * How well a text fits an image.
 *
 * @param itmProbability that they belong together, from reading the text with the image; the score
 *     that CapFilt filters by
 * @param itmLogits scores of "no match" and "match" from which the probability comes
 * @param itcCosine of the two features; for ranking many
 * @param status empty, or why the row failed
 * @param note empty, or how the text was cut
 * @see Predictor
 */
public record PairScore(
    float itmProbability, Logits itmLogits, float itcCosine, String status, String note)
    implements Serializable {

  /** Two scores. */
  public record Logits(float noMatch, float match) implements Serializable {}

  /** A text with its score for an image. */
  public record Label(String text, PairScore score) implements Serializable {}

  /** Whether image and text were read. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<PairScore> read(SignatureRunner.Outputs outputs) {
    float[] probability = outputs.floats(ServingSignature.ITM_PROBABILITY);
    float[] logits = outputs.floats(ServingSignature.ITM_LOGITS);
    float[] cosine = outputs.floats(ServingSignature.ITC_COSINE);
    List<PairScore> scores = new ArrayList<>();
    for (int i = 0; i < probability.length; i++) {
      Logits both = new Logits(logits[2 * i], logits[2 * i + 1]);
      scores.add(
          new PairScore(probability[i], both, cosine[i], outputs.status(i), outputs.note(i)));
    }
    return scores;
  }
}
