package org.blip4j.ops.text;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.strings.Lower;
import org.tensorflow.types.TString;

/**
 * BLIP's cleaning of captions and questions, inside the graph (blip-spec 4.3).
 *
 * <p>Shapes: any, kept. Bytes that are no UTF-8 become U+FFFD.
 */
public final class CaptionCleaning {
  private static final String TAKEN_OUT = "[.!\"()*#:;~]";
  private static final String SPACES =
      "[\\x09-\\x0d\\x1c-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}"
          + "\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]{2,}";
  private static final String PUT_ASIDE = Character.toString(Character.MAX_CODE_POINT);
  private static final int LARGEST_REPEAT = 1000; // of the regular expressions

  private CaptionCleaning() {}

  /**
   * Cleans captions: lower case, ten punctuation characters to spaces, runs of white space to one
   * space, trimmed, the first words.
   */
  public static Operand<TString> caption(
      GraphContext context, Operand<TString> texts, int maxWords) {
    Ops tf = context.in("clean_caption").onCpu().tf();
    Operand<TString> spaced = replace(tf, lower(tf, texts), TAKEN_OUT, " ");
    Operand<TString> single = replace(tf, spaced, SPACES, " ");
    Operand<TString> noNewline = replace(tf, single, "\\n+\\z", "");
    return firstWords(tf, replace(tf, noNewline, "\\A +| +\\z", ""), maxWords);
  }

  /**
   * Cleans questions: lower case, ten punctuation characters deleted, trailing spaces cut, the
   * first words.
   */
  public static Operand<TString> question(
      GraphContext context, Operand<TString> texts, int maxWords) {
    Ops tf = context.in("clean_question").onCpu().tf();
    Operand<TString> without = replace(tf, lower(tf, texts), TAKEN_OUT, "");
    return firstWords(tf, replace(tf, without, " +\\z", ""), maxWords);
  }

  private static Operand<TString> lower(Ops tf, Operand<TString> texts) {
    Operand<TString> valid = tf.strings.unicodeTranscode(texts, "UTF-8", "UTF-8");
    // Lower ends a text at U+0000, so that is put aside.
    Operand<TString> set = replace(tf, valid, "\\x00", PUT_ASIDE);
    return replace(tf, tf.strings.lower(set, Lower.encoding("utf-8")), PUT_ASIDE, "\0");
  }

  private static Operand<TString> firstWords(Ops tf, Operand<TString> texts, int maxWords) {
    if (maxWords < 1 || maxWords > LARGEST_REPEAT) {
      throw new IllegalArgumentException(
          "maximum number of words is " + maxWords + "; it must be 1 to " + LARGEST_REPEAT);
    }
    String words = "\\A((?:[^ ]* ){%d}[^ ]*) (?s:.*)\\z".formatted(maxWords - 1);
    return replace(tf, texts, words, "\\1");
  }

  private static Operand<TString> replace(
      Ops tf, Operand<TString> texts, String pattern, String replacement) {
    return tf.strings.staticRegexReplace(texts, pattern, replacement);
  }
}
