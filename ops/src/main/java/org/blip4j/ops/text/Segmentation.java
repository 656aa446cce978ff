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
    Operand<TBool> space = ctx.equal(characters.values(), CharacterCleaning.SPACE);
    Operand<TBool> letter = tf.math.logicalNot(space); // [L]
    Operand<TBool> begins = tf.math.logicalAnd(letter, afterSpace(ctx, space));
    PieceTrie.Matches matches = trie.longest(ctx, characters.values(), begins);
    Operand<TBool> stuck = tf.math.logicalAnd(letter, ctx.equal(matches.length(), 0));
    Operand<TBool> reached = reached(ctx, begins, matches.length());

    Operand<TInt32> word =
        ctx.maximum(
            ctx.sub(ctx.cumsum(number(ctx, begins), 0), 1), 0); // [L] the word of each letter
    Operand<TInt32> letters = tf.math.unsortedSegmentSum(number(ctx, letter), word, count);
    Operand<TInt32> dead =
        tf.math.unsortedSegmentSum(number(ctx, tf.math.logicalAnd(reached, stuck)), word, count);
    Operand<TBool> unknownWord =
        ctx.gather(
            tf.math.logicalOr(ctx.greater(letters, LONGEST_WORD), ctx.greater(dead, 0)),
            word,
            0); // [L]

    Operand<TBool> kept = tf.math.logicalAnd(letter, tf.select(unknownWord, begins, reached));
    Operand<TInt64> ids =
        ctx.select(unknownWord, unknown, tf.dtypes.cast(matches.piece(), TInt64.class));
    Operand<TInt64> positions = tf.squeeze(tf.where(kept), squeezeLast());
    return new Tokens(ctx.gather(ids, positions, 0), ctx.gather(characters.rows(), positions, 0));
  }

  private static Squeeze.Options squeezeLast() {
    return Squeeze.axis(List.of(1L));
  }

  /** Whether the character before is a space, or there is none. */
  private static Operand<TBool> afterSpace(GraphContext ctx, Operand<TBool> space) {
    Ops tf = ctx.tf();
    Operand<TBool> shifted = ctx.concat(0, tf.array(true), space); // [L + 1]
    return ctx.slice(shifted, 0, 0, tf.size(space)); // [L]
  }

  /** The characters where a piece begins if every word is split, {@code [L]}. */
  private static Operand<TBool> reached(
      GraphContext ctx, Operand<TBool> begins, Operand<TInt32> lengths) {
    Ops tf = ctx.tf();
    Operand<TInt32> count = tf.size(lengths);
    Operand<TInt32> sink = ctx.expandDims(count, 0);
    Operand<TInt32> positions = ctx.range(count);
    Operand<TInt32> moved = tf.math.add(positions, lengths);
    Operand<TBool> matched = ctx.greater(lengths, 0);
    Operand<TInt32> next = ctx.concat(0, tf.select(matched, moved, count), sink); // [L + 1]
    Operand<TInt32> marks = ctx.concat(0, number(ctx, begins), tf.array(0)); // [L + 1]
    Operand<TInt32> segments = ctx.add(count, 1);
    for (int round = 0; round < ROUNDS; round++) {
      marks = tf.math.maximum(marks, tf.math.unsortedSegmentMax(marks, next, segments));
      next = ctx.gather(next, next, 0);
    }
    Operand<TInt32> real = ctx.slice(marks, 0, 0, count); // [L]
    return ctx.greater(real, 0);
  }

  private static Operand<TInt32> number(GraphContext ctx, Operand<TBool> flags) {
    Ops tf = ctx.tf();
    return tf.dtypes.cast(flags, TInt32.class);
  }
}
