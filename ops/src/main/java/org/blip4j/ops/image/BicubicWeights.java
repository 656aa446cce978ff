package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.core.Sum;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The weights of one axis of a bicubic resize, as a sparse matrix {@code [out, in]}.
 *
 * <p>Keys kernel with a = -0.5, widened by the scale when shrinking, normalised, rounded to 22
 * fraction bits as Pillow does (blip-spec 2.1), and multiplied by 2^22: whole numbers, so that sums
 * of weight times pixel are exact in double precision.
 *
 * @param indices {@code [N, 2]} row and column
 * @param values {@code [N]}
 * @param shape {@code [2]} out and in
 */
record BicubicWeights(Operand<TInt64> indices, Operand<TFloat64> values, Operand<TInt64> shape) {
  /** What a pixel is multiplied with, so that weights are whole numbers. */
  static final float UNIT = 1f / (1 << 22);

  /** The weights that take an axis of {@code in} pixels to {@code out} pixels. */
  static BicubicWeights of(GraphContext ctx, Operand<TInt32> in, int out) {
    Ops tf = ctx.tf();
    Operand<TFloat64> size = tf.dtypes.cast(in, TFloat64.class);
    Operand<TFloat64> scale = tf.math.div(size, tf.constant((double) out));
    Operand<TFloat64> widening = tf.math.maximum(scale, tf.constant(1.0));
    Operand<TFloat64> centre = tf.math.mul(tf.constant(centres(out)), scale); // [out, 1]
    Operand<TFloat64> first =
        tf.math.floor(tf.math.sub(centre, tf.math.mul(widening, tf.constant(2.0))));
    Operand<TFloat64> taps =
        tf.math.add(tf.math.ceil(tf.math.mul(widening, tf.constant(4.0))), tf.constant(1.0));
    Operand<TFloat64> column =
        tf.math.add(first, tf.range(tf.constant(0.0), taps, tf.constant(1.0))); // [out, taps]
    Operand<TFloat64> inside =
        tf.clipByValue(column, tf.constant(0.0), tf.math.sub(size, tf.constant(1.0)));
    Operand<TFloat64> distance =
        tf.math.mul(
            tf.math.abs(tf.math.add(tf.math.sub(column, centre), tf.constant(0.5))),
            tf.math.reciprocal(widening));
    Operand<TFloat64> weight =
        tf.select(tf.math.equal(column, inside), kernel(tf, distance), tf.constant(0.0));
    Operand<TFloat64> scaled =
        tf.math.mul(
            tf.math.div(weight, tf.sum(weight, tf.constant(1), Sum.keepDims(true))),
            tf.constant(1.0 / UNIT));
    Operand<TInt32> rounded =
        tf.dtypes.cast(
            tf.math.add(scaled, tf.math.mul(tf.math.sign(scaled), tf.constant(0.5))), TInt32.class);
    Operand<TFloat64> values = tf.dtypes.cast(rounded, TFloat64.class);
    Operand<TInt64> columns = tf.dtypes.cast(inside, TInt64.class);
    Operand<TInt64> rows = tf.math.add(tf.zerosLike(columns), tf.constant(rows(out)));
    return new BicubicWeights(
        tf.reshape(
            tf.stack(List.of(rows, columns), Stack.axis(2L)), tf.constant(new int[] {-1, 2})),
        tf.reshape(values, tf.constant(new int[] {-1})),
        tf.stack(List.of(tf.constant((long) out), tf.dtypes.cast(in, TInt64.class))));
  }

  /**
   * One pass over the first axis, rounded and clamped to bytes.
   *
   * @param lines {@code [in, N]} bytes times {@link #UNIT}
   * @return {@code [out, N]}, 0..255
   */
  Operand<TInt32> apply(GraphContext ctx, Operand<TFloat64> lines) {
    Ops tf = ctx.tf();
    Operand<TFloat64> sums = tf.sparse.sparseTensorDenseMatMul(indices, values, shape, lines);
    Operand<TFloat64> clamped =
        tf.clipByValue(tf.math.add(sums, tf.constant(0.5)), tf.constant(0.0), tf.constant(255.0));
    return tf.dtypes.cast(clamped, TInt32.class); // cuts the fraction off
  }

  private static Operand<TFloat64> kernel(Ops tf, Operand<TFloat64> t) {
    Operand<TFloat64> near = polynomial(tf, t, 1.5, -2.5, 0, 1);
    Operand<TFloat64> far = polynomial(tf, t, -0.5, 2.5, -4, 2);
    Operand<TFloat64> outside = tf.select(tf.math.less(t, tf.constant(2.0)), far, tf.constant(0.0));
    return tf.select(tf.math.less(t, tf.constant(1.0)), near, outside);
  }

  private static Operand<TFloat64> polynomial(Ops tf, Operand<TFloat64> t, double... coefficients) {
    Operand<TFloat64> sum = tf.constant(coefficients[0]);
    for (int i = 1; i < coefficients.length; i++) {
      sum = tf.math.add(tf.math.mul(sum, t), tf.constant(coefficients[i]));
    }
    return sum;
  }

  private static double[][] centres(int out) {
    double[][] result = new double[out][1];
    for (int i = 0; i < out; i++) {
      result[i][0] = i + 0.5;
    }
    return result;
  }

  private static long[][] rows(int out) {
    long[][] result = new long[out][1];
    for (int i = 0; i < out; i++) {
      result[i][0] = i;
    }
    return result;
  }
}
