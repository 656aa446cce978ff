package org.blip4j.ops.text;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Splits words into pieces, the longest first; a word of more than 100 characters or with a rest
 * that no piece matches is one unknown token.
 *
 * <p>From each character the longest piece leads to another character. Which characters lie on the
 * way from the beginning of a word is found by doubling: seven rounds follow up to 127 pieces.
 *
 * @param trie the pieces
 * @param unknown the id of the unknown token
 */
record Segmentation(PieceTrie trie, long unknown) {
  private static final int LONGEST_WORD = 100;
  private static final int ROUNDS = 7; // 2^7 > LONGEST_WORD

  /**
   * Cleaned characters of all texts.
   *
   * @param values {@code [L]} words with spaces around; the last of each text is a space
   * @param rows {@code [L]} the text of each, ascending
   */
  record Characters(Operand<TInt32> values, Operand<TInt32> rows) {}

  /**
   * Tokens of all texts, in order.
   *
   * @param ids {@code [N]}
   * @param rows {@code [N]} the text of each, ascending
   */
  record Tokens(Operand<TInt64> ids, Operand<TInt32> rows) {}

  Tokens apply(GraphContext ctx, Characters characters) {
    Ops tf = ctx.tf();
    Operand<TInt32> count = tf.size(characters.values());
    Operand<TBool> space = tf.math.equal(characters.values(), tf.constant(CharacterCleaning.SPACE));
    Operand<TBool> letter = tf.math.logicalNot(space); // [L]
    Operand<TBool> begins = tf.math.logicalAnd(letter, afterSpace(tf, space));
    PieceTrie.Matches matches = trie.longest(ctx, characters.values(), begins);
    Operand<TBool> stuck =
        tf.math.logicalAnd(letter, tf.math.equal(matches.length(), tf.constant(0)));
    Operand<TBool> reached = reached(tf, begins, matches.length());

    Operand<TInt32> word =
        tf.math.maximum(
            tf.math.sub(tf.math.cumsum(number(tf, begins), tf.constant(0)), tf.constant(1)),
            tf.constant(0)); // [L] the word of each letter
    Operand<TInt32> letters = tf.math.unsortedSegmentSum(number(tf, letter), word, count);
    Operand<TInt32> dead =
        tf.math.unsortedSegmentSum(number(tf, tf.math.logicalAnd(reached, stuck)), word, count);
    Operand<TBool> unknownWord =
        tf.gather(
            tf.math.logicalOr(
                tf.math.greater(letters, tf.constant(LONGEST_WORD)),
                tf.math.greater(dead, tf.constant(0))),
            word,
            tf.constant(0)); // [L]

    Operand<TBool> kept = tf.math.logicalAnd(letter, tf.select(unknownWord, begins, reached));
    Operand<TInt64> ids =
        tf.select(unknownWord, tf.constant(unknown), tf.dtypes.cast(matches.piece(), TInt64.class));
    Operand<TInt64> positions = tf.squeeze(tf.where(kept), squeezeLast());
    return new Tokens(
        tf.gather(ids, positions, tf.constant(0)),
        tf.gather(characters.rows(), positions, tf.constant(0)));
  }

  private static Squeeze.Options squeezeLast() {
    return Squeeze.axis(List.of(1L));
  }

  /** Whether the character before is a space, or there is none. */
  private static Operand<TBool> afterSpace(Ops tf, Operand<TBool> space) {
    Operand<TBool> shifted =
        tf.concat(List.of(tf.constant(new boolean[] {true}), space), tf.constant(0));
    return tf.slice(shifted, tf.constant(new int[] {0}), tf.shape(space));
  }

  /** The characters where a piece begins if every word is split, {@code [L]}. */
  private static Operand<TBool> reached(Ops tf, Operand<TBool> begins, Operand<TInt32> lengths) {
    Operand<TInt32> count = tf.size(lengths);
    Operand<TInt32> sink = tf.expandDims(count, tf.constant(0));
    Operand<TInt32> positions = tf.range(tf.constant(0), count, tf.constant(1));
    Operand<TInt32> moved = tf.math.add(positions, lengths);
    Operand<TBool> matched = tf.math.greater(lengths, tf.constant(0));
    Operand<TInt32> next =
        tf.concat(List.of(tf.select(matched, moved, count), sink), tf.constant(0)); // [L + 1]
    Operand<TInt32> marks =
        tf.concat(List.of(number(tf, begins), tf.constant(new int[] {0})), tf.constant(0));
    Operand<TInt32> segments = tf.math.add(count, tf.constant(1));
    for (int round = 0; round < ROUNDS; round++) {
      marks = tf.math.maximum(marks, tf.math.unsortedSegmentMax(marks, next, segments));
      next = tf.gather(next, next, tf.constant(0));
    }
    Operand<TInt32> real = tf.slice(marks, tf.constant(new int[] {0}), tf.shape(lengths));
    return tf.math.greater(real, tf.constant(0));
  }

  private static Operand<TInt32> number(Ops tf, Operand<TBool> flags) {
    return tf.dtypes.cast(flags, TInt32.class);
  }
}
