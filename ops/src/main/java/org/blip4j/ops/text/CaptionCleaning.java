package org.blip4j.ops.text;

import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.strings.Lower;
import org.tensorflow.types.TBool;
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
   * Texts that were cleaned.
   *
   * @param texts the first words of the clean texts
   * @param cut where there were more words; empty if nothing was counted
   */
  public record Cleaned(Operand<TString> texts, Optional<Operand<TBool>> cut) {}

  /**
   * Cleans captions: lower case, ten punctuation characters to spaces, runs of white space to one
   * space, trimmed, the first words.
   */
  public static Cleaned caption(GraphContext context, Operand<TString> texts, int maxWords) {
    GraphContext ctx = context.in("clean_caption").onCpu();
    Operand<TString> spaced = replace(ctx, lower(ctx, texts), TAKEN_OUT, " ");
    Operand<TString> single = replace(ctx, spaced, SPACES, " ");
    Operand<TString> noNewline = replace(ctx, single, "\\n+\\z", "");
    return firstWords(ctx, replace(ctx, noNewline, "\\A +| +\\z", ""), maxWords);
  }

  /**
   * Cleans questions: lower case, ten punctuation characters deleted, trailing spaces cut, the
   * first words.
   */
  public static Cleaned question(GraphContext context, Operand<TString> texts, int maxWords) {
    GraphContext ctx = context.in("clean_question").onCpu();
    Operand<TString> without = replace(ctx, lower(ctx, texts), TAKEN_OUT, "");
    return firstWords(ctx, replace(ctx, without, " +\\z", ""), maxWords);
  }

  private static Operand<TString> lower(GraphContext ctx, Operand<TString> texts) {
    Ops tf = ctx.tf();
    Operand<TString> valid = tf.strings.unicodeTranscode(texts, "UTF-8", "UTF-8");
    // Lower ends a text at U+0000, so that is put aside.
    Operand<TString> set = replace(ctx, valid, "\\x00", PUT_ASIDE);
    return replace(ctx, tf.strings.lower(set, Lower.encoding("utf-8")), PUT_ASIDE, "\0");
  }

  private static Cleaned firstWords(GraphContext ctx, Operand<TString> texts, int maxWords) {
    if (maxWords < 1 || maxWords > LARGEST_REPEAT) {
      throw new IllegalArgumentException(
          "maximum number of words is " + maxWords + "; it must be 1 to " + LARGEST_REPEAT);
    }
    String words = "\\A((?:[^ ]* ){%d}[^ ]*) (?s:.*)\\z".formatted(maxWords - 1);
    Operand<TString> first = replace(ctx, texts, words, "\\1");
    return new Cleaned(first, Optional.of(ctx.tf().math.notEqual(first, texts)));
  }

  private static Operand<TString> replace(
      GraphContext ctx, Operand<TString> texts, String pattern, String replacement) {
    Ops tf = ctx.tf();
    return tf.strings.staticRegexReplace(texts, pattern, replacement);
  }
}
