package org.blip4j.tools.infer;

import java.util.Locale;
import org.blip4j.savedmodel.predict.NlvrAnswer;

/**
 * One line of {@code nlvr}.
 *
 * @param left path of the first image
 * @param right path of the second one
 * @param statement about both
 * @param label {@code True} or {@code False}
 * @param probability of the label
 */
record NlvrRow(String left, String right, String statement, String label, float probability) {

  static NlvrRow of(Judge.Statement statement, NlvrAnswer judgement) {
    return new NlvrRow(
        statement.left().name(),
        statement.right().name(),
        statement.text(),
        judgement.label(),
        judgement.probability());
  }

  /** For people: label, probability, both images, statement. */
  String line() {
    return String.format(
        Locale.ROOT, "%s\t%.4f\t%s\t%s\t%s", label, probability, left, right, statement);
  }
}
