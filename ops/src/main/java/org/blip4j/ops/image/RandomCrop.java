package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/**
 * Cuts a random part out of an image: torchvision's {@code RandomResizedCrop} without the resize
 * (blip-spec 5.8).
 *
 * <p>Ten tries of an area and an aspect ratio in [3/4, 4/3]; the first that fits is placed
 * anywhere. If none fits, the largest central part within those ratios.
 *
 * @param leastArea the least share of the area, in (0, 1]
 */
record RandomCrop(double leastArea) {
  private static final int TRIES = 10;

  /** How many uniform numbers in [0, 1) it needs. */
  static final int DRAWS = 2 * TRIES + 2;

  /**
   * Cuts.
   *
   * @param image {@code [height, width, 3]}
   * @param uniform {@code [DRAWS]}
   */
  Operand<TUint8> apply(GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> uniform) {
    Ops tf = ctx.tf();
    Operand<TFloat64> height = size(ctx, image, 0);
    Operand<TFloat64> width = size(ctx, image, 1);
    Operand<TFloat64> area =
        ctx.mul(ctx.mul(height, width), between(ctx, draws(ctx, uniform, 0, TRIES), leastArea, 1));
    Operand<TFloat64> ratio =
        tf.math.exp(
            between(ctx, draws(ctx, uniform, TRIES, TRIES), Math.log(3 / 4.0), Math.log(4 / 3.0)));
    Operand<TFloat64> widths = tf.math.rint(tf.math.sqrt(ctx.mul(area, ratio))); // [TRIES]
    Operand<TFloat64> heights = tf.math.rint(tf.math.sqrt(ctx.div(area, ratio)));
    Operand<TInt32> fits =
        tf.dtypes.cast(
            tf.math.logicalAnd(inside(ctx, widths, width), inside(ctx, heights, height)),
            TInt32.class);
    Operand<TInt32> first = tf.math.argMax(fits, tf.constant(0), TInt32.class);
    Operand<TBool> any = ctx.greater(ctx.max(fits, 0), 0);
    Operand<TFloat64> w = tf.select(any, ctx.gather(widths, first, 0), largest(ctx, width, height));
    Operand<TFloat64> h =
        tf.select(any, ctx.gather(heights, first, 0), largest(ctx, height, width));
    Operand<TFloat64> top = start(ctx, any, draw(ctx, uniform, 2 * TRIES), ctx.sub(height, h));
    Operand<TFloat64> left = start(ctx, any, draw(ctx, uniform, 2 * TRIES + 1), ctx.sub(width, w));
    Operand<TFloat64> zero = tf.constant(0.0);
    return tf.slice(
        image,
        tf.dtypes.cast(tf.stack(List.of(top, left, zero)), TInt32.class),
        tf.dtypes.cast(tf.stack(List.of(h, w, tf.constant(3.0))), TInt32.class));
  }

  private static Operand<TFloat64> start(
      GraphContext ctx, Operand<TBool> random, Operand<TFloat64> uniform, Operand<TFloat64> room) {
    Ops tf = ctx.tf();
    Operand<TFloat64> drawn = tf.math.floor(ctx.mul(uniform, ctx.add(room, 1.0)));
    Operand<TFloat64> central = tf.math.floor(ctx.mul(room, 0.5));
    return tf.select(random, drawn, central);
  }

  private static Operand<TFloat64> largest(
      GraphContext ctx, Operand<TFloat64> side, Operand<TFloat64> other) {
    Ops tf = ctx.tf();
    return tf.math.minimum(side, tf.math.rint(ctx.div(ctx.mul(other, 4.0), 3.0)));
  }

  private static Operand<TBool> inside(
      GraphContext ctx, Operand<TFloat64> x, Operand<TFloat64> limit) {
    Ops tf = ctx.tf();
    return tf.math.logicalAnd(ctx.greater(x, 0.0), tf.math.lessEqual(x, limit));
  }

  private static Operand<TFloat64> between(
      GraphContext ctx, Operand<TFloat64> uniform, double from, double to) {
    return ctx.add(ctx.mul(uniform, to - from), from);
  }

  private static Operand<TFloat64> draws(
      GraphContext ctx, Operand<TFloat64> all, int first, int count) {
    return ctx.slice(all, 0, first, count);
  }

  private static Operand<TFloat64> draw(GraphContext ctx, Operand<TFloat64> all, int index) {
    return ctx.at(all, index, 0);
  }

  private static Operand<TFloat64> size(GraphContext ctx, Operand<TUint8> image, int axis) {
    return ctx.tf().dtypes.cast(Shapes.dim(ctx, image, axis), TFloat64.class);
  }
}
