package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/**
 * OpenCV's {@code warpAffine}, bilinear, byte for byte (blip-spec 5.8): positions to 1/32 of a
 * pixel, weights of 15 bits, grey 128 outside the image.
 */
final class AffineWarp {
  private static final int FILL = 128;

  private AffineWarp() {}

  /**
   * Warps an image.
   *
   * @param image {@code [height, width, 3]}
   * @param forward six scalars, row by row: where a pixel goes
   */
  static Operand<TUint8> apply(
      GraphContext ctx, Operand<TUint8> image, List<Operand<TFloat64>> forward) {
    Ops tf = ctx.tf();
    List<Operand<TFloat64>> back = inverse(ctx, forward);
    Operand<TInt32> height = Shapes.dim(ctx, image, 0);
    Operand<TInt32> width = Shapes.dim(ctx, image, 1);
    Operand<TInt32> x = position(ctx, back.subList(0, 3), height, width); // [height, width], 1/32
    Operand<TInt32> y = position(ctx, back.subList(3, 6), height, width);
    Operand<TFloat32> padded = padded(ctx, image); // [height + 2, width + 2, 3]
    Operand<TInt32> left = ctx.shiftRight(x, 5);
    Operand<TInt32> top = ctx.shiftRight(y, 5);
    Operand<TFloat32> right = fraction(ctx, x);
    Operand<TFloat32> bottom = fraction(ctx, y);
    Operand<TFloat32> whole = tf.constant(32f);
    Operand<TFloat32> sum = tf.constant(0.5f);
    for (int corner = 0; corner < 4; corner++) {
      boolean isRight = corner % 2 == 1;
      boolean isBottom = corner / 2 == 1;
      Operand<TInt32> column = inPadding(ctx, left, isRight, width);
      Operand<TInt32> row = inPadding(ctx, top, isBottom, height);
      Operand<TFloat32> weight =
          ctx.mul(
              isRight ? right : ctx.sub(whole, right), isBottom ? bottom : ctx.sub(whole, bottom));
      Operand<TInt32> stride = ctx.add(width, 2);
      Operand<TFloat32> pixels =
          ctx.gather(
              ctx.reshape(padded, -1, 3),
              ctx.add(ctx.mul(row, stride), column),
              0); // [height, width, 3]
      Operand<TFloat32> scaled = ctx.mul(weight, 1f / 1024);
      sum = ctx.add(sum, ctx.mul(ctx.expandDims(scaled, 2), pixels));
    }
    return tf.dtypes.cast(sum, TUint8.class);
  }

  /** Fixed-point source positions, in 1/32 of a pixel, {@code [height, width]}. */
  private static Operand<TInt32> position(
      GraphContext ctx,
      List<Operand<TFloat64>> row,
      Operand<TInt32> height,
      Operand<TInt32> width) {
    Ops tf = ctx.tf();
    Operand<TFloat64> unit = tf.constant(1024.0);
    Operand<TFloat64> xs = count(ctx, width);
    Operand<TFloat64> ys = count(ctx, height);
    Operand<TFloat64> along = tf.math.rint(ctx.mul(ctx.mul(row.get(0), xs), unit));
    Operand<TFloat64> down =
        tf.math.rint(ctx.mul(ctx.add(ctx.mul(row.get(1), ys), row.get(2)), unit));
    Operand<TFloat64> start = ctx.add(down, 16.0);
    Operand<TFloat64> sum = ctx.add(ctx.expandDims(start, 1), along);
    return ctx.shiftRight(tf.dtypes.cast(sum, TInt32.class), 5);
  }

  private static Operand<TFloat64> count(GraphContext ctx, Operand<TInt32> size) {
    Ops tf = ctx.tf();
    return tf.dtypes.cast(ctx.range(size), TFloat64.class);
  }

  private static Operand<TFloat32> fraction(GraphContext ctx, Operand<TInt32> position) {
    Ops tf = ctx.tf();
    return tf.dtypes.cast(ctx.bitAnd(position, 31), TFloat32.class);
  }

  private static Operand<TInt32> inPadding(
      GraphContext ctx, Operand<TInt32> first, boolean next, Operand<TInt32> size) {
    Ops tf = ctx.tf();
    Operand<TInt32> shifted = ctx.add(first, next ? 2 : 1);
    return tf.clipByValue(shifted, tf.constant(0), ctx.add(size, 1));
  }

  private static Operand<TFloat32> padded(GraphContext ctx, Operand<TUint8> image) {
    Ops tf = ctx.tf();
    return tf.pad(
        tf.dtypes.cast(image, TFloat32.class),
        tf.constant(new int[][] {{1, 1}, {1, 1}, {0, 0}}),
        tf.constant((float) FILL));
  }

  private static List<Operand<TFloat64>> inverse(GraphContext ctx, List<Operand<TFloat64>> m) {
    Ops tf = ctx.tf();
    Operand<TFloat64> determinant =
        ctx.sub(ctx.mul(m.get(0), m.get(4)), ctx.mul(m.get(1), m.get(3)));
    Operand<TFloat64> scale = tf.math.reciprocal(determinant);
    Operand<TFloat64> a = ctx.mul(m.get(4), scale);
    Operand<TFloat64> b = tf.math.neg(ctx.mul(m.get(1), scale));
    Operand<TFloat64> c = tf.math.neg(ctx.mul(m.get(3), scale));
    Operand<TFloat64> d = ctx.mul(m.get(0), scale);
    return List.of(a, b, shift(ctx, a, b, m), c, d, shift(ctx, c, d, m));
  }

  private static Operand<TFloat64> shift(
      GraphContext ctx, Operand<TFloat64> a, Operand<TFloat64> b, List<Operand<TFloat64>> m) {
    Ops tf = ctx.tf();
    return ctx.sub(tf.math.neg(ctx.mul(a, m.get(2))), ctx.mul(b, m.get(5)));
  }
}
