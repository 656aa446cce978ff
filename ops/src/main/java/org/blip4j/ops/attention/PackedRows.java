package org.blip4j.ops.attention;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Where the real positions of a padded batch lie, so that all but attention can run on them alone.
 *
 * @param places {@code [M, T]}, the row of each place; padding has some row or other
 * @param rows {@code [R]}, the place {@code m * T + t} of each row
 */
public record PackedRows(Operand<TInt32> places, Operand<TInt32> rows) {

  private static final int MULTIPLE = 16;

  /** Checks the ranks. */
  public PackedRows {
    Shapes.require(places, "places", -1, -1);
    Shapes.require(rows, "rows", -1);
  }

  /**
   * All positions that are not padding.
   *
   * @param mask {@code [M, T]}, 1 = a position
   */
  public static PackedRows of(GraphContext outer, Operand<TInt64> mask) {
    Ops tf = outer.in("packed_rows").tf();
    Operand<TInt32> flat =
        tf.reshape(tf.dtypes.cast(mask, TInt32.class), tf.constant(new int[] {-1})); // [M*T]
    Operand<TInt32> before = tf.math.sub(tf.math.cumsum(flat, tf.constant(0)), tf.constant(1));
    return new PackedRows(
        tf.reshape(tf.math.maximum(before, tf.constant(0)), tf.shape(mask)),
        tf.reshape(
            tf.dtypes.cast(tf.where(tf.math.notEqual(flat, tf.constant(0))), TInt32.class),
            tf.constant(new int[] {-1})));
  }

  /**
   * These and further rows that no place has, so that their number is a multiple of 16: the
   * platform makes a kernel for each number of rows that comes up, and keeps it.
   */
  public PackedRows rounded(GraphContext outer) {
    Ops tf = outer.in("rounded_rows").tf();
    Operand<TInt32> missing = tf.math.floorMod(tf.math.neg(tf.size(rows)), tf.constant(MULTIPLE));
    Operand<TInt32> more = tf.fill(tf.reshape(missing, tf.constant(new int[] {1})), tf.constant(0));
    return new PackedRows(places, tf.concat(List.of(rows, more), tf.constant(0)));
  }

  /**
   * One position of each row of these: rows that {@link #firsts} has picked.
   *
   * @return {@code [M, 1]} places
   */
  public PackedRows single(GraphContext outer) {
    Ops tf = outer.in("single_rows").tf();
    Operand<TInt32> numbers =
        tf.range(tf.constant(0), Shapes.dim(outer, places, 0), tf.constant(1)); // [M]
    return new PackedRows(tf.expandDims(numbers, tf.constant(1)), numbers);
  }

  /** The rows {@code [M, W]} at the first places. */
  public Operand<TFloat32> firsts(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    return tf.gather(x, tf.gather(places, tf.constant(0), tf.constant(1)), tf.constant(0));
  }

  /** Rows {@code [R, W]} to {@code [M, T, W]}. */
  public Operand<TFloat32> unpack(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.tf().gather(x, places, ctx.tf().constant(0));
  }

  /** {@code [..., W]} over all places, in their order, to rows {@code [R, W]}. */
  public Operand<TFloat32> pack(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.tf().gather(Shapes.rows(ctx, x), rows, ctx.tf().constant(0));
  }
}
