package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.core.WhileLoop.LoopVariable;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/**
 * Pillow's antialiased bicubic resize to a square, byte for byte (blip-spec 2.1): the aspect ratio
 * is not kept.
 *
 * <p>Horizontal pass first, rounded and clamped to bytes, then the vertical one. Both are products
 * with a sparse matrix of fixed-point weights in 32-bit integers, which is Pillow's own arithmetic.
 * The first goes over the picture in blocks of lines: beside the picture, three bytes a pixel, only
 * the narrowed one and a block of numbers are held, whatever the size.
 */
public final class BicubicResize {
  private static final int FRACTION_BITS = 22;

  /** Numbers in a block: so many that the loop costs little, so few that they stay in a cache. */
  private static final int BLOCK = 1 << 20;

  /** What is done is copied with each block. */
  private static final int MOST_BLOCKS = 64;

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
    Weights across = Weights.of(ctx, width, size);
    Operand<TInt32> line = ctx.maximum(ctx.mul(width, 3), 1);
    Operand<TInt32> block =
        tf.math.maximum(
            ctx.div(tf.constant(BLOCK), line), ctx.add(ctx.div(height, MOST_BLOCKS), 1));
    LoopVariable start = LoopVariable.of(tf.constant(0));
    Operand<TUint8> none = tf.zeros(tf.constant(new int[] {0, 3 * size}), TUint8.class);
    // No size: the platform takes loops of several sizes in one graph for the same.
    LoopVariable done = new LoopVariable(none, Shape.of(-1, -1));
    Operand<TUint8> narrowed = // [height, 3 size]
        bytes(
            WhileLoop.run(
                    ctx,
                    WhileLoop.Execution.CALLED,
                    List.of(start, done),
                    (inner, in) ->
                        List.of(inner.tf().math.less(number(in.get(0)), inner.capture(height))),
                    (inner, in) -> {
                      Operand<TInt32> first = number(in.get(0));
                      Operand<TInt32> left = inner.sub(inner.capture(height), first);
                      Operand<TInt32> count = inner.tf().math.minimum(inner.capture(block), left);
                      Operand<TUint8> lines =
                          narrow(inner, inner.capture(image), across.in(inner), first, count);
                      return List.of(
                          inner.add(first, count), inner.concat(0, bytes(in.get(1)), lines));
                    })
                .get(1));
    Operand<TInt32> sums =
        Weights.of(ctx, height, size).sums(ctx, tf.dtypes.cast(narrowed, TInt32.class));
    return ctx.reshape(toBytes(ctx, sums), size, size, 3);
  }

  /** Some lines of an image, {@code [count, 3 size]}. */
  private static Operand<TUint8> narrow(
      GraphContext ctx,
      Operand<TUint8> image,
      Weights weights,
      Operand<TInt32> first,
      Operand<TInt32> count) {
    Ops tf = ctx.tf();
    Operand<TUint8> lines =
        tf.slice(
            image,
            Shapes.of(ctx, Shapes.value(first), Shapes.size(0), Shapes.size(0)),
            Shapes.of(
                ctx, Shapes.value(count), Shapes.size(-1), Shapes.size(3))); // [count, width, 3]
    // The maximum changes nothing. Right after a cast (or before one) the graph optimiser would
    // move the transposition to bytes, for which the platform has no fast kernel (and says so).
    Operand<TInt32> numbers = ctx.maximum(tf.dtypes.cast(lines, TInt32.class), 0);
    Operand<TInt32> swap = tf.constant(new int[] {1, 0, 2});
    Operand<TInt32> flat = // [width, 3 count]
        tf.reshape(
            tf.linalg.transpose(numbers, swap),
            Shapes.of(ctx, Shapes.size(-1), Shapes.value(ctx.mul(count, 3))));
    Operand<TInt32> sums =
        tf.reshape(
            weights.sums(ctx, flat),
            Shapes.of(
                ctx, Shapes.size(-1), Shapes.value(count), Shapes.size(3))); // [size, count, 3]
    return toBytes(
        ctx,
        tf.reshape(
            tf.linalg.transpose(sums, swap), Shapes.of(ctx, Shapes.value(count), Shapes.size(-1))));
  }

  /** Rounds and clamps sums of weighted pixels. */
  private static Operand<TUint8> toBytes(GraphContext ctx, Operand<TInt32> sums) {
    Ops tf = ctx.tf();
    Operand<TInt32> rounded = ctx.add(sums, 1 << (FRACTION_BITS - 1));
    Operand<TInt32> levels = ctx.shiftRight(rounded, FRACTION_BITS);
    return tf.dtypes.cast(ctx.clip(levels, 0, 255), TUint8.class);
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TInt32> number(Operand<?> operand) {
    return (Operand<TInt32>) operand;
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TUint8> bytes(Operand<?> operand) {
    return (Operand<TUint8>) operand;
  }

  /**
   * The weights of one axis, as a sparse matrix {@code [out, in]}.
   *
   * <p>Keys kernel with a = -0.5, widened by the scale when shrinking, normalised, rounded to 22
   * fraction bits as Pillow does (blip-spec 2.1), and multiplied by 2^22.
   *
   * @param indices {@code [N, 2]} row and column
   * @param values {@code [N]}
   * @param shape {@code [2]} out and in
   */
  private record Weights(Operand<TInt64> indices, Operand<TInt32> values, Operand<TInt64> shape) {

    /** The weights that take an axis of {@code in} pixels to {@code out} pixels. */
    static Weights of(GraphContext ctx, Operand<TInt32> in, int out) {
      Ops tf = ctx.tf();
      Operand<TFloat64> size = tf.dtypes.cast(in, TFloat64.class);
      Operand<TFloat64> scale = ctx.div(size, (double) out);
      Operand<TFloat64> widening = ctx.maximum(scale, 1.0);
      Operand<TFloat64> numbers = // [out, 1]
          ctx.expandDims(
              tf.range(tf.constant(0.0), tf.constant((double) out), tf.constant(1.0)), 1);
      Operand<TFloat64> centre = ctx.mul(ctx.add(numbers, 0.5), scale); // [out, 1]
      Operand<TFloat64> first = tf.math.floor(ctx.sub(centre, ctx.mul(widening, 2.0)));
      Operand<TFloat64> taps = ctx.add(tf.math.ceil(ctx.mul(widening, 4.0)), 1.0);
      Operand<TFloat64> column = ctx.add(first, ctx.range(taps)); // [out, taps]
      Operand<TFloat64> inside = tf.clipByValue(column, tf.constant(0.0), ctx.sub(size, 1.0));
      Operand<TFloat64> distance =
          ctx.mul(tf.math.abs(ctx.add(ctx.sub(column, centre), 0.5)), tf.math.reciprocal(widening));
      Operand<TFloat64> weight =
          ctx.select(tf.math.equal(column, inside), kernel(ctx, distance), 0.0);
      Operand<TFloat64> scaled =
          ctx.mul(ctx.div(weight, ctx.sumKept(weight, 1)), (double) (1 << FRACTION_BITS));
      Operand<TInt32> rounded =
          tf.dtypes.cast(ctx.add(scaled, ctx.mul(tf.math.sign(scaled), 0.5)), TInt32.class);
      Operand<TInt64> columns = tf.dtypes.cast(inside, TInt64.class);
      Operand<TInt64> rows = ctx.add(tf.zerosLike(columns), tf.dtypes.cast(numbers, TInt64.class));
      return new Weights(
          ctx.reshape(tf.stack(List.of(rows, columns), Stack.axis(2L)), -1, 2),
          ctx.flat(rounded),
          tf.stack(List.of(tf.constant((long) out), tf.dtypes.cast(in, TInt64.class))));
    }

    /** The same inside a loop. */
    Weights in(GraphContext ctx) {
      return new Weights(ctx.capture(indices), ctx.capture(values), ctx.capture(shape));
    }

    /**
     * The sums of one pass over the first axis.
     *
     * @param lines {@code [in, N]} bytes
     * @return {@code [out, N]} times 2^22
     */
    Operand<TInt32> sums(GraphContext ctx, Operand<TInt32> lines) {
      Ops tf = ctx.tf();
      return tf.sparse.sparseTensorDenseMatMul(indices, values, shape, lines);
    }

    private static Operand<TFloat64> kernel(GraphContext ctx, Operand<TFloat64> t) {
      Ops tf = ctx.tf();
      Operand<TFloat64> near = polynomial(ctx, t, 1.5, -2.5, 0, 1);
      Operand<TFloat64> far = polynomial(ctx, t, -0.5, 2.5, -4, 2);
      Operand<TFloat64> outside = ctx.select(ctx.less(t, 2.0), far, 0.0);
      return tf.select(ctx.less(t, 1.0), near, outside);
    }

    private static Operand<TFloat64> polynomial(
        GraphContext ctx, Operand<TFloat64> t, double... coefficients) {
      Ops tf = ctx.tf();
      Operand<TFloat64> sum = tf.constant(coefficients[0]);
      for (int i = 1; i < coefficients.length; i++) {
        sum = ctx.add(ctx.mul(sum, t), coefficients[i]);
      }
      return sum;
    }
  }
}
