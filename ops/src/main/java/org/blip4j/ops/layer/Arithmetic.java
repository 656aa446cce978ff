package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Operations in the version that the platform fuses, where the stock wrapper makes an older or
 * newer one ({@code Add} for {@code AddV2}, {@code BatchMatMulV3} for {@code BatchMatMulV2}).
 */
public final class Arithmetic {
  private Arithmetic() {}

  /** x + y with broadcasting. */
  public static Operand<TFloat32> add(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return ctx.op("AddV2", "add").addInput(x.asOutput()).addInput(y.asOutput()).build().output(0);
  }

  /** The matrix product over the last two axes, {@code [..., m, k] x [..., k, n]}. */
  public static Operand<TFloat32> batchMatMul(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return ctx.op("BatchMatMulV2", "matmul")
        .addInput(x.asOutput())
        .addInput(y.asOutput())
        .build()
        .output(0);
  }
}
