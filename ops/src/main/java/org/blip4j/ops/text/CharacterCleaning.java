package org.blip4j.ops.text;

import com.google.common.primitives.Ints;
import java.nio.IntBuffer;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;

/**
 * What BERT's uncased clean-up makes of each character: nothing, or up to three characters
 * (blip-spec 4.1).
 *
 * <p>Lower case, decomposed, without non-spacing marks; white space becomes U+0020, and punctuation
 * and CJK ideographs get a space on both sides, so that only spaces separate words. Characters are
 * looked at one by one: canonical reordering of marks is not done, which changes only sequences of
 * rare spacing marks (Hangul tone marks, musical notes).
 *
 * <p>{@link #FIRST_MARKER} and the following private code points stand for tokens and are words of
 * their own.
 */
final class CharacterCleaning {
  /** The first of the code points that stand for tokens written literally in a text. */
  static final int FIRST_MARKER = 0xf0000;

  /** How many there may be. */
  static final int MARKERS = 16;

  static final int SPACE = ' ';

  private static final int WIDTH = 3;
  private static final int DROPPED = 0;
  private static final int SINGLE = 1;
  private static final int SPACED = 2;
  private static final int SEQUENCE = 3;
  private static final int KIND_BITS = 2;

  private final List<Integer> sequences = new ArrayList<>();
  private final CodePointTable table = CodePointTable.of(this::entry);

  /**
   * Cleans characters.
   *
   * @param codePoints {@code [N]}
   * @return {@code [N, 3]}, 0 where there is nothing
   */
  Operand<TInt32> apply(GraphContext ctx, Operand<TInt32> codePoints) {
    Ops tf = ctx.tf();
    Operand<TInt32> entries = table.lookUp(ctx, codePoints);
    Operand<TInt32> kind = ctx.bitAnd(entries, (1 << KIND_BITS) - 1);
    Operand<TInt32> payload = ctx.shiftRight(entries, KIND_BITS);
    Operand<TInt32> mapped = tf.math.add(codePoints, payload);
    Operand<TBool> dropped = ctx.equal(kind, DROPPED);
    Operand<TBool> spaced = ctx.equal(kind, SPACED);
    Operand<TBool> sequence = ctx.equal(kind, SEQUENCE);
    Operand<TInt32> start = ctx.expandDims(ctx.select(sequence, payload, 0), 1);
    Operand<TInt32> parts =
        ctx.gather(
            tf.constant(Ints.toArray(sequences)),
            tf.math.add(start, tf.constant(new int[] {0, 1, 2})),
            0); // [N, 3]
    Operand<TInt32> none = tf.zerosLike(mapped);
    Operand<TInt32> around = ctx.select(spaced, SPACE, none);
    Operand<TInt32> single =
        tf.stack(
            List.of(
                tf.select(spaced, around, tf.select(dropped, none, mapped)),
                tf.select(spaced, mapped, none),
                around),
            Stack.axis(1L));
    return tf.select(ctx.expandDims(sequence, 1), parts, single);
  }

  private int entry(int c) {
    int[] out = cleaned(c);
    if (out.length == 0) {
      return DROPPED;
    }
    if (out.length == 1) {
      return (out[0] - c) << KIND_BITS | SINGLE;
    }
    if (out.length == WIDTH && out[0] == SPACE && out[2] == SPACE) {
      return (out[1] - c) << KIND_BITS | SPACED;
    }
    if (out.length > WIDTH) {
      throw new IllegalStateException(
          "U+%04X becomes %d characters; at most %d are stored".formatted(c, out.length, WIDTH));
    }
    int start = sequences.size();
    for (int i = 0; i < WIDTH; i++) {
      sequences.add(i < out.length ? out[i] : 0);
    }
    return start << KIND_BITS | SEQUENCE;
  }

  private static int[] cleaned(int c) {
    if (c >= FIRST_MARKER && c < FIRST_MARKER + MARKERS) {
      return new int[] {SPACE, c, SPACE};
    }
    if (CharacterClass.isSpace(c)) {
      return new int[] {SPACE};
    }
    if (CharacterClass.isIdeograph(c)) {
      return new int[] {SPACE, decomposed(c).codePointAt(0), SPACE};
    }
    if (CharacterClass.isDropped(c)) {
      return new int[0];
    }
    // U+0130 is the one character whose lower case is two; the second is a mark.
    int lower = c == 0x130 ? 'i' : Character.toLowerCase(c);
    List<Integer> out = new ArrayList<>();
    decomposed(lower).codePoints().forEach(part -> addPart(part, out));
    return Ints.toArray(out);
  }

  private static void addPart(int part, List<Integer> out) {
    if (CharacterClass.isPunctuation(part)) {
      out.addAll(List.of(SPACE, part, SPACE));
    } else if (Character.getType(part) != Character.NON_SPACING_MARK) {
      out.add(part);
    }
  }

  private static String decomposed(int c) {
    return Normalizer.normalize(Character.toString(c), Normalizer.Form.NFD);
  }

  /** BERT's classes of characters (blip-spec 4.1). */
  static class CharacterClass {
    private CharacterClass() {}

    static boolean isSpace(int c) {
      return switch (Character.getType(c)) {
        case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
            true;
        default -> c == '\t' || c == '\n' || c == '\r';
      };
    }

    static boolean isDropped(int c) {
      return switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.SURROGATE,
            Character.PRIVATE_USE,
            Character.UNASSIGNED ->
            true;
        default -> c == 0xfffd;
      };
    }

    static boolean isPunctuation(int c) {
      if (c < 128) {
        return c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
      }
      return switch (Character.getType(c)) {
        case Character.CONNECTOR_PUNCTUATION,
            Character.DASH_PUNCTUATION,
            Character.START_PUNCTUATION,
            Character.END_PUNCTUATION,
            Character.INITIAL_QUOTE_PUNCTUATION,
            Character.FINAL_QUOTE_PUNCTUATION,
            Character.OTHER_PUNCTUATION ->
            true;
        default -> false;
      };
    }

    static boolean isIdeograph(int c) {
      return (c >= 0x4e00 && c <= 0x9fff)
          || (c >= 0x3400 && c <= 0x4dbf)
          || (c >= 0x20000 && c <= 0x2a6df)
          || (c >= 0x2a700 && c <= 0x2b73f)
          || (c >= 0x2b740 && c <= 0x2b81f)
          || (c >= 0x2b820 && c <= 0x2ceaf)
          || (c >= 0xf900 && c <= 0xfaff)
          || (c >= 0x2f800 && c <= 0x2fa1f);
    }
  }

  /**
   * A number for every Unicode code point, as two constants: code points are grouped into pages of
   * 256, and equal pages are stored once.
   */
  static final class CodePointTable {
    private static final int PAGE = 256;

    private final int[] pageStarts;
    private final int[] values;

    private CodePointTable(int[] pageStarts, int[] values) {
      this.pageStarts = pageStarts;
      this.values = values;
    }

    static CodePointTable of(IntUnaryOperator function) {
      Map<IntBuffer, Integer> known = new HashMap<>();
      List<Integer> values = new ArrayList<>();
      int[] pageStarts = new int[(Character.MAX_CODE_POINT + 1) / PAGE];
      for (int page = 0; page < pageStarts.length; page++) {
        int[] content = new int[PAGE];
        for (int i = 0; i < PAGE; i++) {
          content[i] = function.applyAsInt(page * PAGE + i);
        }
        Integer start = known.putIfAbsent(IntBuffer.wrap(content), values.size());
        if (start == null) {
          start = values.size();
          values.addAll(Ints.asList(content));
        }
        pageStarts[page] = start;
      }
      return new CodePointTable(pageStarts, Ints.toArray(values));
    }

    /** The numbers of code points, any shape. */
    Operand<TInt32> lookUp(GraphContext ctx, Operand<TInt32> codePoints) {
      Ops tf = ctx.tf();
      Operand<TInt32> starts =
          ctx.gather(tf.constant(pageStarts), ctx.shiftRight(codePoints, 8), 0);
      Operand<TInt32> inPage = ctx.bitAnd(codePoints, PAGE - 1);
      return ctx.gather(tf.constant(values), tf.math.add(starts, inPage), 0);
    }
  }
}
