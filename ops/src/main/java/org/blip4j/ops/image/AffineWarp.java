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
    List<Operand<TFloat64>> back = inverse(tf, forward);
    Operand<TInt32> height = Shapes.dim(ctx, image, 0);
    Operand<TInt32> width = Shapes.dim(ctx, image, 1);
    Operand<TInt32> x = position(tf, back.subList(0, 3), height, width); // [height, width], 1/32
    Operand<TInt32> y = position(tf, back.subList(3, 6), height, width);
    Operand<TFloat32> padded = padded(tf, image); // [height + 2, width + 2, 3]
    Operand<TInt32> left = tf.bitwise.rightShift(x, tf.constant(5));
    Operand<TInt32> top = tf.bitwise.rightShift(y, tf.constant(5));
    Operand<TFloat32> right = fraction(tf, x);
    Operand<TFloat32> bottom = fraction(tf, y);
    Operand<TFloat32> whole = tf.constant(32f);
    Operand<TFloat32> sum = tf.constant(0.5f);
    for (int corner = 0; corner < 4; corner++) {
      boolean isRight = corner % 2 == 1;
      boolean isBottom = corner / 2 == 1;
      Operand<TInt32> column = inPadding(tf, left, isRight, width);
      Operand<TInt32> row = inPadding(tf, top, isBottom, height);
      Operand<TFloat32> weight =
          tf.math.mul(
              isRight ? right : tf.math.sub(whole, right),
              isBottom ? bottom : tf.math.sub(whole, bottom));
      Operand<TInt32> stride = tf.math.add(width, tf.constant(2));
      Operand<TFloat32> pixels =
          tf.gather(
              tf.reshape(padded, tf.constant(new int[] {-1, 3})),
              tf.math.add(tf.math.mul(row, stride), column),
              tf.constant(0)); // [height, width, 3]
      Operand<TFloat32> scaled = tf.math.mul(weight, tf.constant(1f / 1024));
      sum = tf.math.add(sum, tf.math.mul(tf.expandDims(scaled, tf.constant(2)), pixels));
    }
    return tf.dtypes.cast(sum, TUint8.class);
  }

  /** Fixed-point source positions, in 1/32 of a pixel, {@code [height, width]}. */
  private static Operand<TInt32> position(
      Ops tf, List<Operand<TFloat64>> row, Operand<TInt32> height, Operand<TInt32> width) {
    Operand<TFloat64> unit = tf.constant(1024.0);
    Operand<TFloat64> xs = count(tf, width);
    Operand<TFloat64> ys = count(tf, height);
    Operand<TFloat64> along = tf.math.rint(tf.math.mul(tf.math.mul(row.get(0), xs), unit));
    Operand<TFloat64> down =
        tf.math.rint(tf.math.mul(tf.math.add(tf.math.mul(row.get(1), ys), row.get(2)), unit));
    Operand<TFloat64> start = tf.math.add(down, tf.constant(16.0));
    Operand<TFloat64> sum = tf.math.add(tf.expandDims(start, tf.constant(1)), along);
    return tf.bitwise.rightShift(tf.dtypes.cast(sum, TInt32.class), tf.constant(5));
  }

  private static Operand<TFloat64> count(Ops tf, Operand<TInt32> size) {
    return tf.dtypes.cast(tf.range(tf.constant(0), size, tf.constant(1)), TFloat64.class);
  }

  private static Operand<TFloat32> fraction(Ops tf, Operand<TInt32> position) {
    return tf.dtypes.cast(tf.bitwise.bitwiseAnd(position, tf.constant(31)), TFloat32.class);
  }

  private static Operand<TInt32> inPadding(
      Ops tf, Operand<TInt32> first, boolean next, Operand<TInt32> size) {
    Operand<TInt32> shifted = tf.math.add(first, tf.constant(next ? 2 : 1));
    return tf.clipByValue(shifted, tf.constant(0), tf.math.add(size, tf.constant(1)));
  }

  private static Operand<TFloat32> padded(Ops tf, Operand<TUint8> image) {
    return tf.pad(
        tf.dtypes.cast(image, TFloat32.class),
        tf.constant(new int[][] {{1, 1}, {1, 1}, {0, 0}}),
        tf.constant((float) FILL));
  }

  private static List<Operand<TFloat64>> inverse(Ops tf, List<Operand<TFloat64>> m) {
    Operand<TFloat64> determinant =
        tf.math.sub(tf.math.mul(m.get(0), m.get(4)), tf.math.mul(m.get(1), m.get(3)));
    Operand<TFloat64> scale = tf.math.reciprocal(determinant);
    Operand<TFloat64> a = tf.math.mul(m.get(4), scale);
    Operand<TFloat64> b = tf.math.neg(tf.math.mul(m.get(1), scale));
    Operand<TFloat64> c = tf.math.neg(tf.math.mul(m.get(3), scale));
    Operand<TFloat64> d = tf.math.mul(m.get(0), scale);
    return List.of(a, b, shift(tf, a, b, m), c, d, shift(tf, c, d, m));
  }

  private static Operand<TFloat64> shift(
      Ops tf, Operand<TFloat64> a, Operand<TFloat64> b, List<Operand<TFloat64>> m) {
    return tf.math.sub(tf.math.neg(tf.math.mul(a, m.get(2))), tf.math.mul(b, m.get(5)));
  }
}
