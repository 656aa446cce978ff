package org.blip4j.ops.decode;

import java.util.stream.IntStream;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The finished hypotheses of beam search, best first; of equal ones the latest found first.
 *
 * @param ids {@code [B, K, L]}: start token, prompt and text <em>without</em> the end token,
 *     padding
 * @param lengths {@code [B, K]}, ids before the padding
 * @param scores {@code [B, K]}, log-probability over length; minus infinity marks a free place
 * @param logProbs {@code [B, K]}, sum of the search's log-probabilities, the end token included
 */
public record Hypotheses(
    Operand<TInt64> ids,
    Operand<TInt32> lengths,
    Operand<TFloat32> scores,
    Operand<TFloat32> logProbs) {

  /** Checks the ranks. */
  public Hypotheses {
    Shapes.require(ids, "hypotheses", -1, -1, -1);
    Shapes.require(lengths, "hypothesis lengths", -1, -1);
    Shapes.require(scores, "hypothesis scores", -1, -1);
    Shapes.require(logProbs, "hypothesis log-probabilities", -1, -1);
  }

  /** K free places for each text, shaped like ids {@code [B, K, L]}. */
  static Hypotheses none(GraphContext ctx, Operand<TInt64> like) {
    Ops tf = ctx.tf();
    Operand<TInt64> zeros = tf.zerosLike(like);
    Operand<TInt64> numbers = ctx.at(zeros, 0, 2); // [B, K]
    Operand<TFloat32> sums = tf.dtypes.cast(numbers, TFloat32.class);
    return new Hypotheses(
        zeros, tf.dtypes.cast(numbers, TInt32.class), ctx.add(sums, ScoreProcessors.REMOVED), sums);
  }

  /** The K-th best score {@code [B]}; minus infinity while a place is free. */
  Operand<TFloat32> worst(GraphContext ctx) {
    int last = (int) Shapes.known(scores, 1) - 1;
    return ctx.at(scores, last, 1);
  }

  /**
   * Adds new hypotheses in the order in which they stand, which must be from high to low. One that
   * equals the K-th best does not displace it; of equal old ones the earliest is displaced.
   *
   * @param found K for each text; a score of minus infinity is none
   */
  Hypotheses insert(GraphContext ctx, Hypotheses found) {
    Ops tf = ctx.tf();
    int beams = (int) Shapes.known(scores, 1);
    Hypotheses union = concat(ctx, found);
    // The highest stay, old before new. The kernel puts the earlier of equal ones first.
    Operand<TInt32> kept = ctx.topK(union.scores, beams).indices();
    Operand<TBool> isKept =
        ctx.any(
            tf.oneHot(kept, tf.constant(2 * beams), tf.constant(true), tf.constant(false)),
            1); // [B, 2K]
    Operand<TFloat32> left = ctx.select(isKept, union.scores, ScoreProcessors.REMOVED);
    // Sorted again with the latest of equal ones first.
    Operand<TInt32> latestFirst =
        tf.constant(
            IntStream.concat(
                    IntStream.range(0, beams).map(i -> 2 * beams - 1 - i),
                    IntStream.range(0, beams))
                .toArray());
    Operand<TInt32> places = ctx.topK(ctx.gather(left, latestFirst, 1), beams).indices();
    return new Hypotheses(union.ids, union.lengths, left, union.logProbs)
        .gather(ctx, ctx.gather(latestFirst, places, 0));
  }

  /** Some of the hypotheses of each text, {@code places [B, N]}. */
  private Hypotheses gather(GraphContext ctx, Operand<TInt32> places) {
    return new Hypotheses(
        ctx.gatherInRows(ids, places), // [B, N, L]
        ctx.gatherInRows(lengths, places),
        ctx.gatherInRows(scores, places),
        ctx.gatherInRows(logProbs, places));
  }

  private Hypotheses concat(GraphContext ctx, Hypotheses next) {
    return new Hypotheses(
        ctx.concat(1, ids, next.ids), // [B, 2K, L]
        ctx.concat(1, lengths, next.lengths),
        ctx.concat(1, scores, next.scores),
        ctx.concat(1, logProbs, next.logProbs));
  }

  /** The best hypothesis of each text, with its end token where that fits in. */
  Decoded best(GraphContext ctx, EndTokens ends) {
    Ops tf = ctx.tf();
    Operand<TInt64> first = ctx.at(ids, 0, 1); // [B, L]
    Operand<TInt32> length = ctx.at(lengths, 0, 1); // [B]
    return new Decoded(
        TextTable.put(ctx, first, ctx.expandDims(length, 1), tf.constant(ends.end())),
        tf.math.minimum(ctx.add(length, 1), Shapes.dim(ctx, ids, 2)),
        ctx.at(scores, 0, 1), // [B]
        ctx.at(logProbs, 0, 1));
  }
}
