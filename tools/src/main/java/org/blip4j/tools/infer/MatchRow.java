package org.blip4j.tools.infer;

import java.util.List;
import java.util.Locale;
import org.blip4j.savedmodel.predict.PairScore;

/**
 * One line of {@code match}.
 *
 * @param image its path, or its key in a shard
 * @param text the text
 * @param itmProbability that they belong together
 * @param itmLogits of "no match" and "match"
 * @param itcCosine of the two features
 */
record MatchRow(
    String image, String text, float itmProbability, List<Float> itmLogits, float itcCosine)
    implements PairRow {

  static MatchRow of(String image, String text, PairScore score) {
    return new MatchRow(
        image,
        text,
        score.itmProbability(),
        List.of(score.itmLogits().noMatch(), score.itmLogits().match()),
        score.itcCosine());
  }

  /** For people: probability, cosine, image, text. */
  @Override
  public String line() {
    return String.format(Locale.ROOT, "%.4f\t%.4f\t%s\t%s", itmProbability, itcCosine, image, text);
  }
}
