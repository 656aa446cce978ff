package org.blip4j.ops.layer;

import java.util.List;
import java.util.function.Function;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Kernels;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * A matrix product and what follows it: a bias, and GELU or a sum. Written so that the platform
 * makes one kernel of it, or as that kernel where the context names kernels.
 *
 * @param rows {@code [N, in]}
 * @param kernel gives {@code [in, out]}, or {@code [out, in]} if turned, in a context
 * @param turned whether the kernel is used transposed
 * @param reducible whether it may be computed in fewer bits
 */
public record MatrixProduct(
    Operand<TFloat32> rows,
    Function<GraphContext, Operand<TFloat32>> kernel,
    boolean turned,
    boolean reducible)
    implements BiasedProduct {

  @Override
  public Operand<TFloat32> withBias(GraphContext ctx, Operand<TFloat32> bias) {
    if (ctx.namesKernels()) {
      return named(ctx, List.of("BiasAdd"), bias);
    }
    Operand<TFloat32> product =
        reducible
            ? Arithmetic.matMul(ctx, rows, kernel, turned)
            : ctx.tf().linalg.matMul(rows, kernel.apply(ctx), MatMul.transposeB(turned));
    return ctx.tf().nn.biasAdd(product, bias);
  }

  @Override
  public Operand<TFloat32> withBiasAndGelu(GraphContext ctx, Operand<TFloat32> bias) {
    return ctx.namesKernels()
        ? named(ctx, List.of("BiasAdd", "GeluExact"), bias)
        : Gelu.apply(ctx, withBias(ctx, bias));
  }

  @Override
  public Operand<TFloat32> withBiasAndSum(
      GraphContext ctx, Operand<TFloat32> bias, Operand<TFloat32> sum) {
    return ctx.namesKernels() && !reduced(ctx)
        ? product(ctx, rows, kernel.apply(ctx), List.of("BiasAdd", "Add"), List.of(bias, sum))
        : Arithmetic.add(ctx, withBias(ctx, bias), sum);
  }

  private boolean reduced(GraphContext ctx) {
    return reducible && ctx.kernels() == Kernels.PACKED_BFLOAT16;
  }

  private Operand<TFloat32> named(GraphContext ctx, List<String> fused, Operand<TFloat32> bias) {
    if (!reduced(ctx)) {
      return product(ctx, rows, kernel.apply(ctx), fused, List.of(bias));
    }
    Operand<TBfloat16> narrowKernel = ctx.beforeLoop(outer -> narrow(outer, kernel.apply(outer)));
    return ctx.tf()
        .dtypes
        .cast(
            product(ctx, narrow(ctx, rows), narrowKernel, fused, List.of(narrow(ctx, bias))),
            TFloat32.class);
  }

  private static Operand<TBfloat16> narrow(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.tf().dtypes.cast(x, TBfloat16.class);
  }

  private <T extends TNumber> Operand<T> product(
      GraphContext ctx,
      Operand<T> left,
      Operand<T> right,
      List<String> fused,
      List<Operand<T>> arguments) {
    Output<?>[] list = arguments.stream().map(Operand::asOutput).toArray(Output<?>[]::new);
    return ctx.op(Kernels.FUSED_PRODUCT, "product")
        .addInput(left.asOutput())
        .addInput(right.asOutput())
        .addInputList(list)
        .setAttr("transpose_b", turned)
        .setAttr("is_filter_const", ctx.packed())
        .setAttr("fused_ops", fused.toArray(String[]::new))
        .setAttr("_kernel", "MklNameChangeOp")
        .build()
        .output(0);
  }
}
