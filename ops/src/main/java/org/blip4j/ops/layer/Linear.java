package org.blip4j.ops.layer;

import java.util.function.UnaryOperator;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * A linear map y = x K + b over the last axis.
 *
 * <ul>
 *   <li>input {@code [..., in]}, rank 2 or 3
 *   <li>{@code kernel [in, out]}, {@code bias [out]}
 *   <li>output {@code [..., out]}
 * </ul>
 */
public final class Linear {
  private final Variable<TFloat32> kernel;
  private final Variable<TFloat32> bias;
  private final KernelSet.Weight weight;

  private Linear(Variable<TFloat32> kernel, Variable<TFloat32> bias, boolean reducible) {
    this.kernel = kernel;
    this.bias = bias;
    this.weight = reducible ? KernelSet.Weight.of(kernel) : KernelSet.Weight.exact(kernel);
  }

  /** A map whose kernel starts as the scope's scheme says, with a bias of zeros. */
  public static Linear create(VariableScope vars, long in, long out) {
    return create(vars, Shape.of(in, out), vars.scheme().kernel(in), Initializer.zeros(), true);
  }

  /**
   * A map that starts as PyTorch's own linear layers do (projections and heads of BLIP). It is
   * always computed in float32.
   */
  public static Linear createFanIn(VariableScope vars, long in, long out) {
    Initializer uniform = Initializer.fanInUniform(in);
    return create(vars, Shape.of(in, out), uniform, uniform, false);
  }

  private static Linear create(
      VariableScope vars, Shape shape, Initializer kernel, Initializer bias, boolean reducible) {
    return new Linear(
        vars.create("kernel", shape, kernel),
        vars.create("bias", Shape.of(shape.get(1)), bias),
        reducible);
  }

  /** The kernel {@code [in, out]}. */
  public Variable<TFloat32> kernel() {
    return kernel;
  }

  /** The bias {@code [out]}. */
  public Variable<TFloat32> bias() {
    return bias;
  }

  /** {@code x K + b} over the last axis. */
  public Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    return overRows(
        ctx, x, rows -> ctx.kernels().linear(ctx, rows, weight, ctx.read(bias))); // [N, out]
  }

  /** {@code gelu(x K + b)}. */
  public Operand<TFloat32> applyGelu(GraphContext ctx, Operand<TFloat32> x) {
    return overRows(
        ctx, x, rows -> ctx.kernels().linearGelu(ctx, rows, weight, ctx.read(bias))); // [N, out]
  }

  /** {@code x K + b + residual}, all of rank 2. */
  public Operand<TFloat32> applyAndAdd(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> residual) {
    Shapes.require(x, "input of " + kernel.name(), -1, kernel.shape().get(0));
    return ctx.kernels().linearSum(ctx, x, weight, ctx.read(bias), residual); // [N, out]
  }

  private Operand<TFloat32> overRows(
      GraphContext ctx, Operand<TFloat32> x, UnaryOperator<Operand<TFloat32>> map) {
    long in = kernel.shape().get(0);
    long out = kernel.shape().get(1);
    if (x.shape().numDimensions() == 2) {
      Shapes.require(x, "input of " + kernel.name(), -1, in);
      return map.apply(x);
    }
    Shapes.require(x, "input of " + kernel.name(), -1, -1, in);
    Operand<TFloat32> rows = ctx.reshape(x, -1, in); // [B*T, in]
    return Shapes.reshape(
        ctx, map.apply(rows), Shapes.sizeOf(ctx, x, 0), Shapes.sizeOf(ctx, x, 1), Shapes.size(out));
  }
}
