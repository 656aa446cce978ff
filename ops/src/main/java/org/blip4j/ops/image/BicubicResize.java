package org.blip4j.ops.image;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;

/**
 * Pillow's antialiased bicubic resize to a square, byte for byte (blip-spec 2.1): the aspect ratio
 * is not kept.
 *
 * <p>Horizontal pass first, rounded and clamped to bytes, then the vertical one. Both are products
 * with a sparse matrix of fixed-point weights, exact in double precision, and about twice as fast
 * as two passes of {@code ScaleAndTranslate}, which are off by a level in places.
 */
public final class BicubicResize {
  private BicubicResize() {}

  /**
   * Resizes one image.
   *
   * @param image {@code [height, width, 3]}
   * @return {@code [size, size, 3]}
   */
  public static Operand<TUint8> apply(GraphContext ctx, Operand<TUint8> image, int size) {
    if (size < 1) {
      throw new IllegalArgumentException("image size is " + size + "; it must be 1 or more");
    }
    Shapes.require(image, "image", -1, -1, 3);
    Ops tf = ctx.tf();
    Operand<TInt32> height = Shapes.dim(ctx, image, 0);
    Operand<TInt32> width = Shapes.dim(ctx, image, 1);
    Operand<TInt32> narrowed = pass(ctx, image, BicubicWeights.of(ctx, width, size));
    Operand<TInt32> resized = pass(ctx, narrowed, BicubicWeights.of(ctx, height, size));
    return tf.reshape(
        tf.dtypes.cast(resized, TUint8.class), tf.constant(new int[] {size, size, 3}));
  }

  /** Resizes the second axis and swaps the first two. */
  private static Operand<TInt32> pass(
      GraphContext ctx, Operand<? extends TNumber> image, BicubicWeights weights) {
    Ops tf = ctx.tf();
    Operand<TInt32> lines = Shapes.dim(ctx, image, 0);
    Operand<TInt32> in = Shapes.dim(ctx, image, 1);
    // The scaling stands before the transposition: right after a cast the graph optimiser would
    // move the transposition to bytes, for which the platform has no fast kernel (and says so).
    Operand<TFloat32> scaled =
        tf.math.mul(tf.dtypes.cast(image, TFloat32.class), tf.constant(BicubicWeights.UNIT));
    Operand<TFloat32> columns = tf.linalg.transpose(scaled, tf.constant(new int[] {1, 0, 2}));
    Operand<TFloat64> flat =
        tf.dtypes.cast(
            tf.reshape(columns, Shapes.of(ctx, Shapes.value(in), Shapes.size(-1))),
            TFloat64.class); // [in, lines * 3]
    return tf.reshape(
        weights.apply(ctx, flat),
        Shapes.of(ctx, Shapes.size(-1), Shapes.value(lines), Shapes.size(3)));
  }
}
