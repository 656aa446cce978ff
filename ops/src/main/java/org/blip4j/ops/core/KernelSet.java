package org.blip4j.ops.core;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.types.TFloat32;

/**
 * How the operations of layers are computed: products with weights, layer norms, attention. A layer
 * says what it computes, {@code y = x K + b}, and never asks how; number format, packing and fusing
 * are the set's. One is chosen where a graph is built and travels in the context. The sets are in
 * {@code org.blip4j.ops.kernel}.
 *
 * <p>What follows a product is part of it, so that a set can make one kernel of both.
 */
public interface KernelSet {

  /** {@code rows K + bias}: {@code [N, in]} to {@code [N, out]}. */
  Operand<TFloat32> linear(
      GraphContext ctx, Operand<TFloat32> rows, Weight weight, Operand<TFloat32> bias);

  /** {@code gelu(rows K + bias)}, the exact GELU. */
  Operand<TFloat32> linearGelu(
      GraphContext ctx, Operand<TFloat32> rows, Weight weight, Operand<TFloat32> bias);

  /** {@code rows K + bias + sum}, {@code sum [N, out]}. */
  Operand<TFloat32> linearSum(
      GraphContext ctx,
      Operand<TFloat32> rows,
      Weight weight,
      Operand<TFloat32> bias,
      Operand<TFloat32> sum);

  /** (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis. */
  Operand<TFloat32> norm(
      GraphContext ctx,
      Operand<TFloat32> x,
      Operand<TFloat32> weight,
      Operand<TFloat32> bias,
      float epsilon);

  /** The product over the last two axes, {@code [..., m, k] x [..., k, n]}. */
  Operand<TFloat32> batchMatMul(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y);

  /** Softmax over the last axis. */
  Operand<TFloat32> softmax(GraphContext ctx, Operand<TFloat32> x);

  /** The axes in another order. */
  Operand<TFloat32> transpose(GraphContext ctx, Operand<TFloat32> x, int... order);

  /**
   * A weight in the layout that is best for the body of a loop; called before the loop.
   *
   * @param rows about how many rows will be multiplied with it at once
   */
  Weight forLoop(GraphContext ctx, Weight weight, int rows);

  /**
   * The set with which a text is begun, before the loop that goes on with it. How much of a prompt
   * is read before the loop depends on the prompts beside it, so both round alike.
   */
  default KernelSet forStart() {
    return this;
  }

  /**
   * Makes the operation that is to be run once, after all signatures are in the graph and the
   * variables have their values; empty if there is nothing to prepare.
   */
  default Optional<Supplier<Operation>> preparation() {
    return Optional.empty();
  }

  /**
   * A matrix that rows are multiplied with, and what kernels may do to it.
   *
   * @param value gives {@code [in, out]}, or {@code [out, in]} if turned, in a context
   * @param turned whether it is used transposed
   * @param reducible whether products with it may be computed in fewer bits
   * @param variable the variable that it is, if it is one as a whole
   */
  record Weight(
      Function<GraphContext, Operand<TFloat32>> value,
      boolean turned,
      boolean reducible,
      Optional<Variable<TFloat32>> variable) {

    /** A variable {@code [in, out]}, in as many bits as the kernels like. */
    public static Weight of(Variable<TFloat32> kernel) {
      return new Weight(ctx -> ctx.read(kernel), false, true, Optional.of(kernel));
    }

    /** A variable {@code [in, out]} that is always used in float32. */
    public static Weight exact(Variable<TFloat32> kernel) {
      return new Weight(ctx -> ctx.read(kernel), false, false, Optional.of(kernel));
    }

    /** A variable {@code [out, in]} that is always used in float32, such as a table of words. */
    public static Weight table(Variable<TFloat32> table) {
      return new Weight(ctx -> ctx.read(table), true, false, Optional.of(table));
    }

    /** A value {@code [in, out]} that was computed in the graph, such as a reshaped variable. */
    public static Weight of(Operand<TFloat32> computed) {
      return new Weight(ctx -> ctx.capture(computed), false, true, Optional.empty());
    }

    /** The matrix as an operand of the context's graph. */
    public Operand<TFloat32> in(GraphContext ctx) {
      return value.apply(ctx);
    }
  }
}
