package org.blip4j.ops.kernel;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * {@link PackedKernels} in a loop, with weights and rows in bfloat16 and sums in float32. Outside a
 * loop the operations are stock ones that the platform's optimiser narrows and fuses by itself.
 *
 * <p>Where a text is begun and where it goes on, all is named, so that both round alike: a long
 * prompt is read before the loop if it stands alone, and partly in the loop beside a shorter one.
 */
final class PackedBfloat16Kernels extends PackedKernels {
  private final boolean begins;

  /**
   * Kernels of a graph.
   *
   * @param begins whether they are those of {@link #forStart}
   */
  PackedBfloat16Kernels(boolean begins) {
    this.begins = begins;
  }

  @Override
  public KernelSet forStart() {
    return new PackedBfloat16Kernels(true);
  }

  @Override
  boolean named(GraphContext ctx) {
    return loops(ctx);
  }

  @Override
  boolean loops(GraphContext ctx) {
    return infers(ctx) && (begins || ctx.inFunction());
  }

  /** What the optimiser does not know it does not narrow. */
  @Override
  boolean plain(GraphContext ctx, Operand<TFloat32> x) {
    return begins || super.plain(ctx, x);
  }

  /** In a loop, oneDNN's kernel by name, for the same reason. */
  @Override
  Operand<TFloat32> whole(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return loops(ctx)
        ? ctx.op("_MklBatchMatMulV2", "matmul")
            .addInput(x.asOutput())
            .addInput(y.asOutput())
            .setAttr("_kernel", "MklNameChangeOp")
            .build()
            .output(0)
        : super.whole(ctx, x, y);
  }

  /** The sum stays in float32, so it is no part of a narrow product. */
  @Override
  public Operand<TFloat32> linearSum(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      Operand<TFloat32> bias,
      Operand<TFloat32> sum) {
    return weight.reducible()
        ? ctx.add(linear(ctx, rows, weight, bias), sum)
        : super.linearSum(ctx, rows, weight, bias, sum);
  }

  @Override
  Operand<TFloat32> fused(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      List<String> kinds,
      List<Operand<TFloat32>> arguments) {
    if (!weight.reducible()) {
      return super.fused(ctx, rows, weight, kinds, arguments);
    }
    Operand<TBfloat16> right = ctx.beforeLoop(outer -> narrow(outer, weight.in(outer)));
    List<Operand<TBfloat16>> others = arguments.stream().map(one -> narrow(ctx, one)).toList();
    return ctx.tf()
        .dtypes
        .cast(
            product(ctx, narrow(ctx, rows), right, weight.turned(), kinds, others), TFloat32.class);
  }

  private static Operand<TBfloat16> narrow(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.tf().dtypes.cast(x, TBfloat16.class);
  }

  /** The one pattern that the optimiser turns into the CPU's layer norm. */
  @Override
  Operand<TFloat32> fusedNorm(
      GraphContext ctx,
      Operand<TFloat32> x,
      Operand<TFloat32> weight,
      Operand<TFloat32> bias,
      float epsilon) {
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
}
