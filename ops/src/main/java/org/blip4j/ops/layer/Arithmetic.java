package org.blip4j.ops.layer;

import java.util.Optional;
import java.util.function.Function;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Kernels;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * Operations in the version that suits the place.
 *
 * <p>Large ones are written in the version that the platform fuses, where the stock wrapper makes
 * an older or newer one ({@code Add} for {@code AddV2}, {@code BatchMatMulV3} for {@code
 * BatchMatMulV2}). Those called few are for the few numbers of one step of a loop: oneDNN hands
 * each of its operations to other threads, however small it is, and to wake them takes several
 * times as long as the step's own numbers do. In a packed loop they are made of operations that
 * oneDNN does not take over, and elsewhere of the large ones.
 */
public final class Arithmetic {
  private Arithmetic() {}

  /** x + y with broadcasting. */
  public static Operand<TFloat32> add(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return ctx.op("AddV2", "add").addInput(x.asOutput()).addInput(y.asOutput()).build().output(0);
  }

  /**
   * The matrix product {@code [m, k] x [k, n]}, or with {@code [n, k]} if turned; in {@link
   * Kernels#narrowProducts} where there is such a type.
   */
  static Operand<TFloat32> matMul(
      GraphContext ctx,
      Operand<TFloat32> x,
      Function<GraphContext, Operand<TFloat32>> kernel,
      boolean turned) {
    return widened(
        ctx,
        ctx.op("MatMul", "MatMul")
            .addInput(factor(ctx, x).asOutput())
            .addInput(constantFactor(ctx, kernel).asOutput())
            .setAttr("transpose_b", turned)
            .build());
  }

  /**
   * The matrix product over the last two axes, {@code [..., m, k] x [..., k, n]}; in {@link
   * Kernels#narrowProducts} where there is such a type.
   */
  public static Operand<TFloat32> batchMatMul(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return widened(
        ctx,
        ctx.op("BatchMatMulV2", "matmul")
            .addInput(factor(ctx, x).asOutput())
            .addInput(factor(ctx, y).asOutput())
            .build());
  }

  private static Operand<? extends TNumber> factor(GraphContext ctx, Operand<TFloat32> x) {
    Optional<Class<? extends TNumber>> narrow = ctx.kernels().narrowProducts();
    return narrow.isPresent() ? ctx.tf().dtypes.cast(x, narrow.get()) : x;
  }

  /** A factor that stays the same in a loop is narrowed before it. */
  @SuppressWarnings("unchecked") // an operand goes through a loop as it is
  private static Operand<? extends TNumber> constantFactor(
      GraphContext ctx, Function<GraphContext, Operand<TFloat32>> kernel) {
    return ctx.kernels().narrowProducts().isPresent()
        ? ctx.beforeLoop(outer -> (Operand<TNumber>) factor(outer, kernel.apply(outer)))
        : kernel.apply(ctx);
  }

  private static Operand<TFloat32> widened(GraphContext ctx, Operation product) {
    return ctx.kernels().narrowProducts().isPresent()
        ? ctx.tf().dtypes.cast(product.<TNumber>output(0), TFloat32.class)
        : product.<TFloat32>output(0);
  }

  /** {@link #batchMatMul} of few numbers. */
  public static Operand<TFloat32> batchMatMulOfFew(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return ctx.packed() ? ctx.tf().train.batchMatMul(x, y, TFloat32.class) : batchMatMul(ctx, x, y);
  }

  /** Softmax of few numbers over the last axis. */
  public static Operand<TFloat32> softmaxOfFew(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    return ctx.packed() ? tf.math.exp(tf.nn.logSoftmax(x)) : tf.nn.softmax(x);
  }

  /** Few numbers with their axes in another order. */
  public static Operand<TFloat32> transposeFew(
      GraphContext ctx, Operand<TFloat32> x, int... permutation) {
    Ops tf = ctx.tf();
    Operand<TInt32> order = tf.constant(permutation);
    if (!ctx.packed()) {
      return tf.linalg.transpose(x, order);
    }
    Operand<TInt32> bits = tf.bitcast(x, TInt32.class); // oneDNN leaves integers alone
    return tf.bitcast(tf.linalg.transpose(bits, order), TFloat32.class);
  }
}
