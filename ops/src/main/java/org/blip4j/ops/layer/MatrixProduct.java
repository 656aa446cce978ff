package org.blip4j.ops.layer;

import java.util.Arrays;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Kernels;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;

/**
 * A matrix product and what follows it: a bias, and GELU or a sum. Written so that the platform
 * makes one kernel of it, or as that kernel where the context asks for {@link Kernels#PACKED}.
 *
 * @param rows {@code [N, in]}
 * @param kernel {@code [in, out]}, or {@code [out, in]} if turned
 * @param turned whether the kernel is used transposed
 */
public record MatrixProduct(Operand<TFloat32> rows, Operand<TFloat32> kernel, boolean turned) {

  /** {@code rows kernel + bias}, {@code [N, out]}. */
  public Operand<TFloat32> withBias(GraphContext ctx, Operand<TFloat32> bias) {
    if (ctx.packed()) {
      return packed(ctx, new String[] {"BiasAdd"}, bias);
    }
    Ops tf = ctx.tf();
    return tf.nn.biasAdd(tf.linalg.matMul(rows, kernel, MatMul.transposeB(turned)), bias);
  }

  /** {@code gelu(rows kernel + bias)}. */
  Operand<TFloat32> withBiasAndGelu(GraphContext ctx, Operand<TFloat32> bias) {
    return ctx.packed()
        ? packed(ctx, new String[] {"BiasAdd", "GeluExact"}, bias)
        : Gelu.apply(ctx, withBias(ctx, bias));
  }

  /** {@code rows kernel + bias + sum}, {@code sum [N, out]}. */
  Operand<TFloat32> withBiasAndSum(
      GraphContext ctx, Operand<TFloat32> bias, Operand<TFloat32> sum) {
    return ctx.packed()
        ? packed(ctx, new String[] {"BiasAdd", "Add"}, bias, sum)
        : Arithmetic.add(ctx, withBias(ctx, bias), sum);
  }

  @SafeVarargs
  private Operand<TFloat32> packed(
      GraphContext ctx, String[] fused, Operand<TFloat32>... arguments) {
    Output<?>[] list = new Output<?>[arguments.length];
    Arrays.setAll(list, i -> arguments[i].asOutput());
    return ctx.op(Kernels.PACKED_PRODUCT, "product")
        .addInput(rows.asOutput())
        .addInput(kernel.asOutput())
        .addInputList(list)
        .setAttr("transpose_b", turned)
        .setAttr("is_filter_const", true)
        .setAttr("fused_ops", fused)
        .setAttr("_kernel", "MklNameChangeOp")
        .build()
        .output(0);
  }
}
