package org.blip4j.graph.text;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.math.Cumsum;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * Pairs of images and texts laid out so that the texts of an image are adjacent and every image has
 * as many places, some of which may be empty. Where that would leave more places than twice the
 * pairs, each pair has a place and an image of its own instead.
 *
 * @param tokens {@code [M, T]}; the mask of an empty place is 0 throughout
 * @param places {@code [N]}, the place of each pair
 * @param images {@code [B]}, the image of each group of M / B places
 */
record PairGrid(Tokens tokens, Operand<TInt32> places, Operand<TInt32> images) {

  /**
   * Lays pairs out.
   *
   * @param tokens of N pairs
   * @param rows {@code [N]}, the image of each
   * @param count the number of images, a scalar
   */
  static PairGrid of(
      GraphContext outer, Tokens tokens, Operand<TInt32> rows, Operand<TInt32> count) {
    GraphContext ctx = outer.in("pair_grid");
    Ops tf = ctx.tf();
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt32> one = tf.constant(1);
    Operand<TInt32> pairs = Shapes.dim(ctx, tokens.ids(), 0);
    Operand<TInt32> numbers = tf.range(zero, count, one); // [U]
    Operand<TInt32> belongs =
        tf.dtypes.cast(tf.math.equal(tf.expandDims(rows, one), numbers), TInt32.class); // [N, U]
    Operand<TInt32> before = tf.math.cumsum(belongs, zero, Cumsum.exclusive(true)); // [N, U]
    Operand<TInt32> rank = tf.reduceSum(tf.math.mul(before, belongs), one); // [N], in its image
    Operand<TInt32> most = tf.math.add(tf.reduceMax(tf.math.maximum(rank, zero), zero), one);

    Operand<TBool> grouped = tf.math.lessEqual(tf.math.mul(count, most), ctx.mul(pairs, 2));
    Operand<TInt32> places =
        tf.select(grouped, tf.math.add(tf.math.mul(rows, most), rank), tf.range(zero, pairs, one));
    Operand<TInt32> groups = tf.select(grouped, count, pairs);
    Operand<TInt32> start = tf.select(grouped, zero, count);
    Operand<TInt32> images =
        tf.gather(
            tf.concat(List.of(numbers, rows), zero),
            tf.range(start, tf.math.add(start, groups), one),
            zero);
    Operand<TInt32> all = tf.math.mul(groups, tf.select(grouped, most, one));
    Operand<TInt32> shape = tf.stack(List.of(all, Shapes.dim(ctx, tokens.ids(), 1)));
    return new PairGrid(
        new Tokens(put(ctx, places, tokens.ids(), shape), put(ctx, places, tokens.mask(), shape)),
        places,
        images);
  }

  private static <T extends TType> Operand<T> put(
      GraphContext ctx, Operand<TInt32> places, Operand<T> values, Operand<TInt32> shape) {
    Ops tf = ctx.tf();
    return tf.scatterNd(ctx.expandDims(places, 1), values, shape);
  }
}
