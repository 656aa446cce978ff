package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The scores that tokens are drawn from, highest first.
 *
 * @param scores {@code [R, N]}; minus infinity where a token was removed
 * @param tokens {@code [R, N]}, the id of each score
 * @param vocabulary the number of ids there are, V
 */
public record KeptScores(Operand<TFloat32> scores, Operand<TInt32> tokens, int vocabulary) {

  /** Checks the ranks. */
  public KeptScores {
    Shapes.require(scores, "kept scores", -1, -1);
    Shapes.require(tokens, "kept tokens", -1, -1);
  }

  /** All scores in the order of ids, {@code [R, V]}; minus infinity where one was removed. */
  public Operand<TFloat32> dense(GraphContext ctx) {
    Ops tf = ctx.tf();
    Operand<TInt32> shape = Shapes.of(ctx, Shapes.sizeOf(ctx, scores, 0), Shapes.size(vocabulary));
    return tf.tensorScatterNdUpdate(
        ctx.fill(shape, ScoreProcessors.REMOVED), RowIndex.pairs(ctx, tokens), scores);
  }

  /**
   * Draws one token a row by inverting the distribution at a number.
   *
   * @param uniform {@code [R]} in [0, 1)
   * @return ids {@code [R]}
   */
  Operand<TInt64> draw(GraphContext ctx, Operand<TFloat32> uniform) {
    Ops tf = ctx.tf();
    Operand<TFloat32> cumulative = ctx.cumsum(tf.nn.softmax(scores), 1); // [R, N]
    Operand<TFloat32> total = ctx.max(cumulative, 1); // [R]
    Operand<TFloat32> target = ctx.expandDims(tf.math.mul(uniform, total), 1);
    Operand<TInt32> passed =
        count(ctx, tf.dtypes.cast(tf.math.lessEqual(cumulative, target), TInt32.class));
    Operand<TInt32> kept =
        count(ctx, tf.dtypes.cast(ctx.greater(scores, ScoreProcessors.REMOVED), TInt32.class));
    Operand<TInt32> place = tf.math.minimum(passed, ctx.sub(kept, 1)); // rounding at the upper end
    Operand<TInt32> drawn = ctx.gatherInRows(tokens, ctx.expandDims(place, 1));
    return tf.dtypes.cast(ctx.flat(drawn), TInt64.class);
  }

  private static Operand<TInt32> count(GraphContext ctx, Operand<TInt32> ones) {
    return ctx.sum(ones, 1);
  }
}
