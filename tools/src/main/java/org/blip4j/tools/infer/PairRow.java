package org.blip4j.tools.infer;

/** What is printed of an image with a text; its components are the fields of the JSON line. */
sealed interface PairRow permits AnswerRow, MatchRow {

  /** For people. */
  String line();
}
