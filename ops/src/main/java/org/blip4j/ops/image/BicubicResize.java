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
import org.tensorflow.op.core.Sum;
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
    Operand<TInt32> line = tf.math.maximum(tf.math.mul(width, tf.constant(3)), tf.constant(1));
    Operand<TInt32> block =
        tf.math.maximum(
            tf.math.div(tf.constant(BLOCK), line),
            tf.math.add(tf.math.div(height, tf.constant(MOST_BLOCKS)), tf.constant(1)));
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
                      Operand<TInt32> left = inner.tf().math.sub(inner.capture(height), first);
                      Operand<TInt32> count = inner.tf().math.minimum(inner.capture(block), left);
                      Operand<TUint8> lines =
                          narrow(inner, inner.capture(image), across.in(inner), first, count);
                      return List.of(
                          inner.tf().math.add(first, count),
                          inner
                              .tf()
                              .concat(List.of(bytes(in.get(1)), lines), inner.tf().constant(0)));
                    })
                .get(1));
    Operand<TInt32> sums =
        Weights.of(ctx, height, size).sums(tf, tf.dtypes.cast(narrowed, TInt32.class));
    return tf.reshape(toBytes(tf, sums), tf.constant(new int[] {size, size, 3}));
  }

  /** Some lines of an image, {@code [count, 3 size]}. */
  private static Operand<TUint8> narrow(
      GraphContext ctx,
      Operand<TUint8> image,
      Weights weights,
      Operand<TInt32> first,
      Operand<TInt32> count) {
    Ops tf = ctx.tf();
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt32> three = tf.constant(3);
    Operand<TUint8> lines =
        tf.slice(
            image,
            tf.stack(List.of(first, zero, zero)),
            tf.stack(List.of(count, tf.constant(-1), three))); // [count, width, 3]
    // The maximum changes nothing. Right after a cast (or before one) the graph optimiser would
    // move the transposition to bytes, for which the platform has no fast kernel (and says so).
    Operand<TInt32> numbers = tf.math.maximum(tf.dtypes.cast(lines, TInt32.class), zero);
    Operand<TInt32> swap = tf.constant(new int[] {1, 0, 2});
    Operand<TInt32> flat = // [width, 3 count]
        tf.reshape(
            tf.linalg.transpose(numbers, swap),
            tf.stack(List.of(tf.constant(-1), tf.math.mul(count, three))));
    Operand<TInt32> sums =
        tf.reshape(
            weights.sums(tf, flat),
            tf.stack(List.of(tf.constant(-1), count, three))); // [size, count, 3]
    return toBytes(
        tf, tf.reshape(tf.linalg.transpose(sums, swap), tf.stack(List.of(count, tf.constant(-1)))));
  }

  /** Rounds and clamps sums of weighted pixels. */
  private static Operand<TUint8> toBytes(Ops tf, Operand<TInt32> sums) {
    Operand<TInt32> rounded = tf.math.add(sums, tf.constant(1 << (FRACTION_BITS - 1)));
    Operand<TInt32> levels = tf.bitwise.rightShift(rounded, tf.constant(FRACTION_BITS));
    return tf.dtypes.cast(tf.clipByValue(levels, tf.constant(0), tf.constant(255)), TUint8.class);
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
      Operand<TFloat64> scale = tf.math.div(size, tf.constant((double) out));
      Operand<TFloat64> widening = tf.math.maximum(scale, tf.constant(1.0));
      Operand<TFloat64> numbers = // [out, 1]
          tf.expandDims(
              tf.range(tf.constant(0.0), tf.constant((double) out), tf.constant(1.0)),
              tf.constant(1));
      Operand<TFloat64> centre =
          tf.math.mul(tf.math.add(numbers, tf.constant(0.5)), scale); // [out, 1]
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
              tf.constant((double) (1 << FRACTION_BITS)));
      Operand<TInt32> rounded =
          tf.dtypes.cast(
              tf.math.add(scaled, tf.math.mul(tf.math.sign(scaled), tf.constant(0.5))),
              TInt32.class);
      Operand<TInt64> columns = tf.dtypes.cast(inside, TInt64.class);
      Operand<TInt64> rows =
          tf.math.add(tf.zerosLike(columns), tf.dtypes.cast(numbers, TInt64.class));
      return new Weights(
          tf.reshape(
              tf.stack(List.of(rows, columns), Stack.axis(2L)), tf.constant(new int[] {-1, 2})),
          tf.reshape(rounded, tf.constant(new int[] {-1})),
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
    Operand<TInt32> sums(Ops tf, Operand<TInt32> lines) {
      return tf.sparse.sparseTensorDenseMatMul(indices, values, shape, lines);
    }

    private static Operand<TFloat64> kernel(Ops tf, Operand<TFloat64> t) {
      Operand<TFloat64> near = polynomial(tf, t, 1.5, -2.5, 0, 1);
      Operand<TFloat64> far = polynomial(tf, t, -0.5, 2.5, -4, 2);
      Operand<TFloat64> outside =
          tf.select(tf.math.less(t, tf.constant(2.0)), far, tf.constant(0.0));
      return tf.select(tf.math.less(t, tf.constant(1.0)), near, outside);
    }

    private static Operand<TFloat64> polynomial(
        Ops tf, Operand<TFloat64> t, double... coefficients) {
      Operand<TFloat64> sum = tf.constant(coefficients[0]);
      for (int i = 1; i < coefficients.length; i++) {
        sum = tf.math.add(tf.math.mul(sum, t), tf.constant(coefficients[i]));
      }
      return sum;
    }
  }
}
