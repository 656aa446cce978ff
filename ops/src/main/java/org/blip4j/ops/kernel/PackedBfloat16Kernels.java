package org.blip4j.ops.kernel;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Weight;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * {@link PackedKernels} in a loop, with weights and rows in bfloat16 and sums in float32. Outside a
 * loop the operations are stock ones that the platform's optimiser narrows and fuses by itself.
 */
final class PackedBfloat16Kernels extends PackedKernels {
  private final StockKernels outside = new StockKernels();

  @Override
  public Operand<TFloat32> linear(
      GraphContext ctx, Operand<TFloat32> rows, Weight weight, Operand<TFloat32> bias) {
    if (!loops(ctx)) {
      return outside.linear(ctx, rows, weight, bias);
    }
    return weight.reducible()
        ? narrow(ctx, rows, weight, List.of("BiasAdd"), bias)
        : super.linear(ctx, rows, weight, bias);
  }

  @Override
  public Operand<TFloat32> linearGelu(
      GraphContext ctx, Operand<TFloat32> rows, Weight weight, Operand<TFloat32> bias) {
    if (!loops(ctx)) {
      return outside.linearGelu(ctx, rows, weight, bias);
    }
    return weight.reducible()
        ? narrow(ctx, rows, weight, List.of("BiasAdd", "GeluExact"), bias)
        : super.linearGelu(ctx, rows, weight, bias);
  }

  /** The sum stays in float32, so it is no part of a narrow product. */
  @Override
  public Operand<TFloat32> linearSum(
      GraphContext ctx,
      Operand<TFloat32> rows,
      Weight weight,
      Operand<TFloat32> bias,
      Operand<TFloat32> sum) {
    return loops(ctx) && !weight.reducible()
        ? super.linearSum(ctx, rows, weight, bias, sum)
        : ctx.add(linear(ctx, rows, weight, bias), sum);
  }

  /** Outside a loop, the one pattern that the optimiser turns into the CPU's layer norm. */
  @Override
  public Operand<TFloat32> norm(
      GraphContext ctx,
      Operand<TFloat32> x,
      Operand<TFloat32> weight,
      Operand<TFloat32> bias,
      float epsilon) {
    if (!infers(ctx) || ctx.inFunction()) {
      return outside.norm(ctx, x, weight, bias, epsilon);
    }
    return ctx.add(ctx.mul(recognisable(ctx, x, epsilon), weight), bias);
  }

  /** Rows become channels of a batch normalisation with one image; see grappler's layout rules. */
  private static Operand<TFloat32> recognisable(
      GraphContext ctx, Operand<TFloat32> x, float epsilon) {
    Ops tf = ctx.tf();
    long width = Shapes.known(x, x.shape().numDimensions() - 1);
    Operand<TInt32> shape = tf.shape(x);
    Operand<TFloat32> image = ctx.reshape(x, 1, -1, width, 1); // [1, N, W, 1]
    Operand<TInt32> rows = ctx.reshape(ctx.div(tf.size(x), width), 1); // [1]
    FusedBatchNorm<TFloat32, TFloat32> norm =
        tf.nn.fusedBatchNorm(
            image,
            ctx.fill(rows, 1f),
            ctx.fill(rows, 0f),
            tf.constant(new float[0]),
            tf.constant(new float[0]),
            FusedBatchNorm.epsilon(epsilon),
            FusedBatchNorm.dataFormat("NCHW"),
            FusedBatchNorm.isTraining(true));
    return tf.reshape(norm.y(), shape);
  }

  private static Operand<TFloat32> narrow(
      GraphContext ctx,
      Operand<TFloat32> rows,
      Weight weight,
      List<String> kinds,
      Operand<TFloat32> bias) {
    Operand<TBfloat16> right = ctx.beforeLoop(outer -> narrow(outer, weight.in(outer)));
    Operand<TBfloat16> product =
        product(ctx, narrow(ctx, rows), right, weight.turned(), kinds, List.of(narrow(ctx, bias)));
    return ctx.tf().dtypes.cast(product, TFloat32.class);
  }

  private static Operand<TBfloat16> narrow(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.tf().dtypes.cast(x, TBfloat16.class);
  }
}
