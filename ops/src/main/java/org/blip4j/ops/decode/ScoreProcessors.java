package org.blip4j.ops.decode;

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
 * Changes the scores of the next token, in this order (blip-spec 8.1): repetition penalty, once for
 * each distinct id of the text so far; minimum length.
 *
 * <p>Beam search gives log-probabilities, greedy search and sampling give raw logits.
 *
 * @param repetitionPenalty a score below 0 is multiplied by it, another one divided; 1 is off
 * @param minimumLength the end token is removed while the text is shorter
 * @param endToken the id that ends a text
 */
public record ScoreProcessors(double repetitionPenalty, int minimumLength, long endToken) {
  /** The score of a token that must not be chosen. */
  public static final float REMOVED = Float.NEGATIVE_INFINITY;

  /** Checks the penalty. */
  public ScoreProcessors {
    DecodingSettings.requirePenalty(repetitionPenalty);
  }

  static ScoreProcessors of(DecodingSettings settings, EndTokens ends) {
    return new ScoreProcessors(
        settings.repetitionPenalty(), settings.lengths().minimum(), ends.end());
  }

  /** The same for texts of at least so many ids; what can no longer act adds no operations. */
  ScoreProcessors fromLength(long length) {
    return length < minimumLength ? this : new ScoreProcessors(repetitionPenalty, 0, endToken);
  }

  /**
   * Processes scores.
   *
   * @param scores {@code [R, V]}
   * @param ids {@code [R, L]}; columns from {@code length} on are ignored
   * @param length ids of each text so far, a scalar
   * @return {@code [R, V]}
   */
  public Operand<TFloat32> apply(
      GraphContext ctx, Operand<TFloat32> scores, Operand<TInt64> ids, Operand<TInt32> length) {
    Operand<TFloat32> result = scores;
    if (repetitionPenalty != 1) {
      result = penalize(ctx, result, ids, length);
    }
    return minimumLength > 0 ? holdBack(ctx, result, length) : result;
  }

  private Operand<TFloat32> penalize(
      GraphContext ctx, Operand<TFloat32> scores, Operand<TInt64> ids, Operand<TInt32> length) {
    Ops tf = ctx.tf();
    Operand<TBool> written = tf.math.less(positions(ctx, ids), length); // [L]
    Operand<TInt64> first = ctx.slice(ids, 1, 0, 1); // [R, 1]
    Operand<TInt32> used =
        tf.dtypes.cast(tf.select(written, ids, first), TInt32.class); // [R, L], repeats do no harm
    Operand<TFloat32> values = ctx.gatherInRows(scores, used); // [R, L]
    Operand<TFloat32> lower =
        tf.select(
            ctx.less(values, 0),
            ctx.mul(values, repetitionPenalty),
            ctx.div(values, repetitionPenalty)); // [R, L]
    return tf.tensorScatterNdUpdate(scores, TextTable.pairs(ctx, used), lower);
  }

  private Operand<TFloat32> holdBack(
      GraphContext ctx, Operand<TFloat32> scores, Operand<TInt32> length) {
    Ops tf = ctx.tf();
    Operand<TBool> end = ctx.equal(positions(ctx, scores), Math.toIntExact(endToken)); // [V]
    Operand<TBool> early = ctx.less(length, minimumLength);
    return ctx.select(tf.math.logicalAnd(end, early), REMOVED, scores);
  }

  private static Operand<TInt32> positions(GraphContext ctx, Operand<?> matrix) {
    return ctx.range(Shapes.dim(ctx, matrix, 1));
  }
}
