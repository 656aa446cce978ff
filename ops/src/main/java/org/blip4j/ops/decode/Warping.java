package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Which of the next tokens may be drawn, and how likely: temperature, then top-k, then top-p
 * (blip-spec 8.4).
 *
 * @param temperature scores are divided by it; 1 changes nothing
 * @param topK the k highest scores stay, and all that equal the k-th; 0 keeps all
 * @param topP a token stays if those before it have a probability of at most p; 1 keeps all, 0 the
 *     likeliest alone
 */
public record Warping(double temperature, int topK, double topP) {

  /** Checks the numbers. */
  public Warping {
    if (!(temperature > 0 && Double.isFinite(temperature))) {
      throw new IllegalArgumentException(
          "temperature " + temperature + " must be a positive number; 1 changes nothing");
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top-k " + topK + " is negative; use 0 to keep all");
    }
    if (!(topP >= 0 && topP <= 1)) {
      throw new IllegalArgumentException(
          "nucleus "
              + topP
              + " is not between 0 and 1; 0.9 is usual, 1 keeps all tokens, 0 the likeliest alone");
    }
  }

  /** The scores that stay, of the processed scores {@code [R, V]}. */
  public Kept apply(GraphContext ctx, Operand<TFloat32> scores) {
    Operand<TFloat32> warm = temperature == 1 ? scores : ctx.div(scores, temperature);
    Kept kept = sorted(ctx, warm);
    return topP == 1 ? kept : nucleus(ctx, kept);
  }

  private Kept sorted(GraphContext ctx, Operand<TFloat32> scores) {
    Ops tf = ctx.tf();
    int vocabulary = (int) Shapes.known(scores, 1);
    if (topK == 0 || topK >= vocabulary) {
      TopK<TFloat32, TInt32> all = ctx.topK(scores, vocabulary);
      return new Kept(all.values(), all.indices(), vocabulary);
    }
    TopK<TFloat32, TInt32> first = ctx.topK(scores, topK);
    Operand<TFloat32> last = ctx.slice(first.values(), 1, topK - 1, 1); // [R, 1]
    Operand<TInt32> counts =
        ctx.sum(tf.dtypes.cast(tf.math.greaterEqual(scores, last), TInt32.class), 1);
    Operand<TInt32> most = ctx.maximum(ctx.max(counts, 0), topK); // more than k if there are ties
    TopK<TFloat32, TInt32> top = tf.nn.topK(scores, most, TInt32.class);
    return new Kept(
        remove(ctx, tf.math.less(top.values(), last), top.values()), top.indices(), vocabulary);
  }

  private Kept nucleus(GraphContext ctx, Kept kept) {
    Ops tf = ctx.tf();
    Operand<TFloat32> before = ctx.cumsumBefore(tf.nn.softmax(kept.scores()), 1); // [R, N]
    Operand<TBool> outside = ctx.greater(before, topP);
    return new Kept(remove(ctx, outside, kept.scores()), kept.tokens(), kept.vocabulary());
  }

  private static Operand<TFloat32> remove(
      GraphContext ctx, Operand<TBool> which, Operand<TFloat32> scores) {
    return ctx.select(which, ScoreProcessors.REMOVED, scores);
  }

  /**
   * The scores that tokens are drawn from, highest first.
   *
   * @param scores {@code [R, N]}; minus infinity where a token was removed
   * @param tokens {@code [R, N]}, the id of each score
   * @param vocabulary the number of ids there are, V
   */
  public record Kept(Operand<TFloat32> scores, Operand<TInt32> tokens, int vocabulary) {

    /** Checks the ranks. */
    public Kept {
      Shapes.require(scores, "kept scores", -1, -1);
      Shapes.require(tokens, "kept tokens", -1, -1);
    }

    /** All scores in the order of ids, {@code [R, V]}; minus infinity where one was removed. */
    public Operand<TFloat32> dense(GraphContext ctx) {
      Ops tf = ctx.tf();
      Operand<TInt32> shape =
          Shapes.of(ctx, Shapes.sizeOf(ctx, scores, 0), Shapes.size(vocabulary));
      return tf.tensorScatterNdUpdate(
          ctx.fill(shape, ScoreProcessors.REMOVED), TextTable.pairs(ctx, tokens), scores);
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
      Operand<TInt32> place =
          tf.math.minimum(passed, ctx.sub(kept, 1)); // rounding at the upper end
      Operand<TInt32> drawn = ctx.gatherInRows(tokens, ctx.expandDims(place, 1));
      return tf.dtypes.cast(ctx.flat(drawn), TInt64.class);
    }

    private static Operand<TInt32> count(GraphContext ctx, Operand<TInt32> ones) {
      return ctx.sum(ones, 1);
    }
  }
}
