package org.blip4j.ops.kernel;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Weight;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * Stock operations with the products of layers and of attention in a narrow type and all else in
 * float32; they have gradients.
 *
 * @param <N> the type of both factors of a product
 */
final class NarrowKernels<N extends TNumber> extends StockKernels {
  private final Class<N> type;

  NarrowKernels(Class<N> type) {
    this.type = type;
  }

  /** A weight stays the same in a loop, so it is narrowed before it. */
  @Override
  Operand<TFloat32> product(GraphContext ctx, Operand<TFloat32> rows, Weight weight) {
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
  public Operand<TFloat32> batchMatMul(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
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
