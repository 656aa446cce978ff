package org.blip4j.ops.kernel;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * Operations that every TensorFlow has, in float32, with gradients. Written in the order and
 * version that the platform's graph optimiser knows: products are two-dimensional, a bias is a
 * {@code BiasAdd}, sums are {@code AddV2}, so that it makes one kernel of a product and what
 * follows.
 */
class StockKernels implements KernelSet {
  static final float SQRT_HALF = 0.70710677f;
  private static final int FEW_ROWS = 8;

  @Override
  public Operand<TFloat32> linear(
      GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight, Operand<TFloat32> bias) {
    return ctx.tf().nn.biasAdd(product(ctx, rows, weight), bias);
  }

  /** {@code rows K}. */
  Operand<TFloat32> product(GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight) {
    return ctx.tf().linalg.matMul(rows, weight.in(ctx), MatMul.transposeB(weight.turned()));
  }

  @Override
  public Operand<TFloat32> linearGelu(
      GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight, Operand<TFloat32> bias) {
    return gelu(ctx, linear(ctx, rows, weight, bias));
  }

  /**
   * The exact one, 0.5 x (1 + erf(x / sqrt 2)), in the one order that the optimiser recognises
   * behind a {@code BiasAdd}; BLIP never uses the tanh form.
   */
  private static Operand<TFloat32> gelu(GraphContext ctx, Operand<TFloat32> x) {
    Operand<TFloat32> half = ctx.mul(x, 0.5);
    Operand<TFloat32> erf = ctx.tf().math.erf(ctx.mul(x, SQRT_HALF));
    Operand<TFloat32> result = ctx.mul(half, ctx.add(erf, 1));
    return trains(ctx) ? StockGradients.gelu(ctx, x, result) : result;
  }

  private static boolean trains(GraphContext ctx) {
    return ctx.training() && !ctx.inFunction();
  }

  @Override
  public Operand<TFloat32> linearSum(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      Operand<TFloat32> bias,
      Operand<TFloat32> sum) {
    return ctx.add(linear(ctx, rows, weight, bias), sum);
  }

  /**
   * Composed of stock operations, so that it has gradients and runs anywhere: the optimiser would
   * make the CPU's layer-norm kernel of the one pattern it knows even on a GPU, which has none.
   */
  @Override
  public Operand<TFloat32> norm(
      GraphContext ctx,
      Operand<TFloat32> x,
      Operand<TFloat32> weight,
      Operand<TFloat32> bias,
      float epsilon) {
    Ops tf = ctx.tf();
    Operand<TFloat32> rows = trains(ctx) ? Shapes.rows(ctx, x) : x;
    Operand<TFloat32> centred = tf.math.sub(rows, ctx.meanKept(rows, -1));
    Operand<TFloat32> variance = ctx.meanKept(tf.math.square(centred), -1); // [..., 1]
    Operand<TFloat32> scale = tf.math.rsqrt(ctx.add(variance, epsilon));
    Operand<TFloat32> normal = tf.math.mul(centred, scale);
    Operand<TFloat32> result = ctx.add(tf.math.mul(normal, weight), bias);
    if (!trains(ctx)) {
      return result;
    }
    Operand<TFloat32> held =
        StockGradients.norm(ctx, result, List.of(rows, weight, bias), normal, scale);
    return rows == x ? held : tf.reshape(held, tf.shape(x));
  }

  @Override
  public Operand<TFloat32> batchMatMul(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return trains(ctx)
        ? StockGradients.product(ctx, x, y)
        : StockGradients.multiply(ctx, x, y, false, false);
  }

  @Override
  public Operand<TFloat32> softmax(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.tf().nn.softmax(x);
  }

  @Override
  public Operand<TFloat32> transpose(GraphContext ctx, Operand<TFloat32> x, int... order) {
    return ctx.transpose(x, order);
  }

  /**
   * Products with a matrix as it lies are several times faster; for few rows turning costs more.
   */
  @Override
  public KernelSet.Weight forLoop(GraphContext ctx, KernelSet.Weight weight, int rows) {
    if (!weight.turned() || rows <= FEW_ROWS) {
      return weight;
    }
    Operand<TFloat32> straight = ctx.transpose(weight.in(ctx), 1, 0); // [in, out]
    return new KernelSet.Weight(
        inner -> inner.capture(straight), false, weight.reducible(), weight.variable());
  }

  /**
   * Stock operations with the products of layers and of attention in a narrow type and all else in
   * float32; they have gradients.
   *
   * @param <N> the type of both factors of a product
   */
  static final class Narrow<N extends TNumber> extends StockKernels {
    private final Class<N> type;

    Narrow(Class<N> type) {
      this.type = type;
    }

    /** A weight stays the same in a loop, so it is narrowed before it. */
    @Override
    Operand<TFloat32> product(GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight) {
      if (!weight.reducible()) {
        return super.product(ctx, rows, weight);
      }
      Operand<N> right = ctx.beforeLoop(outer -> narrow(outer, weight.in(outer)));
      return widened(
          ctx,
          ctx.op("MatMul", "MatMul")
              .addInput(narrow(ctx, rows).asOutput())
              .addInput(right.asOutput())
              .setAttr("transpose_b", weight.turned())
              .build());
    }

    @Override
    public Operand<TFloat32> batchMatMul(
        GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
      return widened(
          ctx,
          ctx.op("BatchMatMulV2", "matmul")
              .addInput(narrow(ctx, x).asOutput())
              .addInput(narrow(ctx, y).asOutput())
              .build());
    }

    private Operand<N> narrow(GraphContext ctx, Operand<TFloat32> x) {
      return ctx.tf().dtypes.cast(x, type);
    }

    private Operand<TFloat32> widened(GraphContext ctx, Operation product) {
      return ctx.tf().dtypes.cast(product.<N>output(0), TFloat32.class);
    }
  }
}
