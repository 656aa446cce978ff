package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.index.Index;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;

/** The four operations of RandAugment that leave pixels where they are (blip-spec 5.8). */
final class ColourOperations {
  private ColourOperations() {}

  /** Stretches each channel to 0..255. */
  static Operand<TUint8> autoContrast(GraphContext ctx, Operand<TUint8> image, boolean wraps) {
    Ops tf = ctx.tf();
    Operand<TFloat64> x = tf.dtypes.cast(image, TFloat64.class);
    Operand<TInt32> plane = tf.constant(new int[] {0, 1});
    Operand<TFloat64> low = tf.min(x, plane); // [3]
    Operand<TFloat64> high = tf.max(x, plane);
    Operand<TFloat64> scale = tf.math.divNoNan(tf.constant(255.0), ctx.sub(high, low));
    Operand<TFloat64> minusLow = tf.math.neg(low);
    if (wraps) {
      minusLow = ctx.floorMod(minusLow, 256.0);
    }
    Operand<TFloat64> stretched = ctx.add(ctx.mul(x, scale), ctx.mul(minusLow, scale));
    return tf.select(tf.math.greater(high, low), clamp(ctx, stretched, TFloat64.class), image);
  }

  /** Multiplies with a factor. */
  static Operand<TUint8> brightness(
      GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> factor) {
    Ops tf = ctx.tf();
    Operand<TFloat32> x = tf.dtypes.cast(image, TFloat32.class);
    return clamp(ctx, ctx.mul(x, tf.dtypes.cast(factor, TFloat32.class)), TFloat32.class);
  }

  /** Moves away from (factor above 1) or towards (below 1) a blurred copy; not at the border. */
  static Operand<TUint8> sharpness(
      GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> factor, boolean wraps) {
    Ops tf = ctx.tf();
    Operand<TFloat32> x = tf.dtypes.cast(image, TFloat32.class);
    Index all = Indices.all();
    Operand<TFloat32> rows = tf.constant(0f);
    Operand<TFloat32> box = tf.constant(0f);
    for (Index part : parts()) {
      rows = ctx.add(rows, tf.stridedSlice(x, part, all, all));
    }
    for (Index part : parts()) {
      box = ctx.add(box, tf.stridedSlice(rows, all, part, all));
    }
    Index inner = Indices.slice(1, -1);
    Operand<TFloat32> interior = tf.stridedSlice(x, inner, inner, all);
    Operand<TFloat32> weighted = ctx.add(box, ctx.mul(interior, 4));
    Operand<TFloat32> blurred = tf.math.rint(ctx.div(weighted, 13));
    Operand<TFloat32> moved =
        ctx.add(
            blurred, ctx.mul(tf.dtypes.cast(factor, TFloat32.class), ctx.sub(interior, blurred)));
    Operand<TInt32> whole = tf.dtypes.cast(moved, TInt32.class);
    Operand<TInt32> bytes = wraps ? ctx.floorMod(whole, 256) : ctx.clip(whole, 0, 255);
    Operand<TInt32> change = ctx.sub(bytes, tf.dtypes.cast(interior, TInt32.class));
    Operand<TInt32> padded =
        tf.pad(change, tf.constant(new int[][] {{1, 1}, {1, 1}, {0, 0}}), tf.constant(0));
    return tf.dtypes.cast(ctx.add(tf.dtypes.cast(image, TInt32.class), padded), TUint8.class);
  }

  /** Spreads the values of each channel evenly. */
  static Operand<TUint8> equalize(GraphContext ctx, Operand<TUint8> image) {
    Ops tf = ctx.tf();
    Operand<TInt32> bins =
        ctx.add(tf.dtypes.cast(image, TInt32.class), tf.constant(new int[] {0, 256, 512}));
    Operand<TInt32> histogram =
        ctx.reshape(
            tf.math.bincount(
                ctx.flat(bins),
                tf.constant(768),
                tf.zeros(tf.constant(new int[] {0}), TInt32.class)),
            3,
            256);
    Operand<TInt32> highest = tf.max(bins, tf.constant(new int[] {0, 1})); // [3]
    Operand<TInt32> ofHighest = ctx.gather(ctx.reshape(histogram, 768), highest, 0);
    Operand<TInt32> pixels = ctx.mul(Shapes.dim(ctx, image, 0), Shapes.dim(ctx, image, 1));
    Operand<TInt32> step =
        ctx.expandDims(ctx.floorDiv(ctx.sub(pixels, ofHighest), 255), 1); // [3, 1]
    Operand<TInt32> below = ctx.cumsumBefore(histogram, 1);
    Operand<TInt32> table =
        ctx.minimum(
            tf.math.floorDiv(ctx.add(ctx.floorDiv(step, 2), below), ctx.maximum(step, 1)), 255);
    Operand<TInt32> values = ctx.range(tf.constant(256));
    Operand<TBool> changes = ctx.greater(step, 0);
    Operand<TUint8> lookup =
        tf.dtypes.cast(tf.select(changes, table, values), TUint8.class); // [3, 256]
    return ctx.gather(ctx.reshape(lookup, 768), bins, 0);
  }

  private static List<Index> parts() {
    return List.of(Indices.sliceTo(-2), Indices.slice(1, -1), Indices.sliceFrom(2));
  }

  private static <T extends TNumber> Operand<TUint8> clamp(
      GraphContext ctx, Operand<T> x, Class<T> type) {
    Ops tf = ctx.tf();
    Operand<T> low = tf.dtypes.cast(tf.constant(0), type);
    Operand<T> high = tf.dtypes.cast(tf.constant(255), type);
    return tf.dtypes.cast(tf.clipByValue(x, low, high), TUint8.class);
  }
}
