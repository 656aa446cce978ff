package org.blip4j.ops.kernel;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Mode;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * oneDNN's fused kernels by name in an inference graph. In a loop they are told that their weights
 * never change, so that each is laid out once and kept. In training the operations are stock.
 *
 * <p>oneDNN hands each of its operations to other threads, however small it is, and to wake them
 * takes several times as long as the few numbers of one position do. In a loop those are made of
 * operations that oneDNN does not take over.
 */
class PackedKernels extends StockKernels {
  /** The fused product, one of whose attributes says that its weight never changes. */
  static final String FUSED_PRODUCT = "_MklNativeFusedMatMul";

  @Override
  public Operand<TFloat32> linear(
      GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight, Operand<TFloat32> bias) {
    return named(ctx)
        ? fused(ctx, rows, weight, List.of("BiasAdd"), List.of(bias))
        : super.linear(ctx, rows, weight, bias);
  }

  @Override
  public Operand<TFloat32> linearGelu(
      GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight, Operand<TFloat32> bias) {
    return named(ctx)
        ? fused(ctx, rows, weight, List.of("BiasAdd", "GeluExact"), List.of(bias))
        : super.linearGelu(ctx, rows, weight, bias);
  }

  @Override
  public Operand<TFloat32> linearSum(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      Operand<TFloat32> bias,
      Operand<TFloat32> sum) {
    return named(ctx)
        ? fused(ctx, rows, weight, List.of("BiasAdd", "Add"), List.of(bias, sum))
        : super.linearSum(ctx, rows, weight, bias, sum);
  }

  /** In a loop, composed operations are quicker for few rows. */
  @Override
  public final Operand<TFloat32> norm(
      GraphContext ctx,
      Operand<TFloat32> x,
      Operand<TFloat32> weight,
      Operand<TFloat32> bias,
      float epsilon) {
    return infers(ctx) && !loops(ctx)
        ? fusedNorm(ctx, x, weight, bias, epsilon)
        : super.norm(ctx, x, weight, bias, epsilon);
  }

  /** The CPU's layer norm by name. */
  Operand<TFloat32> fusedNorm(
      GraphContext ctx,
      Operand<TFloat32> x,
      Operand<TFloat32> weight,
      Operand<TFloat32> bias,
      float epsilon) {
    return ctx.op("_MklLayerNorm", "norm")
        .addInput(x.asOutput())
        .addInput(weight.asOutput())
        .addInput(bias.asOutput())
        .setAttr("epsilon", epsilon)
        .build()
        .output(0);
  }

  @Override
  public final Operand<TFloat32> batchMatMul(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return plain(ctx, x) ? ctx.tf().train.batchMatMul(x, y, TFloat32.class) : whole(ctx, x, y);
  }

  /** The product of matrices of several rows. */
  Operand<TFloat32> whole(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return super.batchMatMul(ctx, x, y);
  }

  @Override
  public final Operand<TFloat32> softmax(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    return plain(ctx, x) ? tf.math.exp(tf.nn.logSoftmax(x)) : super.softmax(ctx, x);
  }

  @Override
  public final Operand<TFloat32> transpose(GraphContext ctx, Operand<TFloat32> x, int... order) {
    if (!loops(ctx)) {
      return super.transpose(ctx, x, order);
    }
    Operand<TInt32> bits = ctx.tf().bitcast(x, TInt32.class); // oneDNN leaves integers alone
    return ctx.tf().bitcast(ctx.transpose(bits, order), TFloat32.class);
  }

  /** A product brings its weight into its own layout, once. */
  @Override
  public final KernelSet.Weight forLoop(GraphContext ctx, KernelSet.Weight weight, int rows) {
    return weight;
  }

  /** Whether products are named here, not left to the platform's optimiser. */
  boolean named(GraphContext ctx) {
    return infers(ctx);
  }

  /** Whether a text is written here, a position a time. */
  boolean loops(GraphContext ctx) {
    return infers(ctx) && ctx.inFunction();
  }

  static boolean infers(GraphContext ctx) {
    return ctx.mode() == Mode.INFER;
  }

  /**
   * Whether attention with queries or scores {@code [B, H, T, S]} is made of operations that oneDNN
   * leaves alone: in a loop where they are those of one position to its own text.
   */
  boolean plain(GraphContext ctx, Operand<TFloat32> x) {
    return loops(ctx) && x.shape().get(2) == 1;
  }

  /** A product and what follows it, in one kernel. */
  Operand<TFloat32> fused(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      List<String> kinds,
      List<Operand<TFloat32>> arguments) {
    return product(ctx, rows, weight.in(ctx), weight.turned(), kinds, arguments);
  }

  static <T extends TNumber> Operand<T> product(
      GraphContext ctx,
      Operand<T> rows,
      Operand<T> weight,
      boolean turned,
      List<String> kinds,
      List<Operand<T>> arguments) {
    return ctx.op(FUSED_PRODUCT, "product")
        .addInput(rows.asOutput())
        .addInput(weight.asOutput())
        .addInputList(arguments.stream().map(Operand::asOutput).toArray(Output<?>[]::new))
        .setAttr("transpose_b", turned)
        .setAttr("is_filter_const", infers(ctx) && ctx.inFunction())
        .setAttr("fused_ops", kinds.toArray(String[]::new))
        .setAttr("_kernel", "MklNameChangeOp")
        .build()
        .output(0);
  }
}
