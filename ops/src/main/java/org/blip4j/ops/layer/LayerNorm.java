package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * Layer normalisation over the last axis: (x - mean) / sqrt(variance + epsilon) * weight + bias,
 * with the population variance.
 *
 * <ul>
 *   <li>input and output {@code [..., W]}, rank 2 or 3
 *   <li>{@code weight [W]}, {@code bias [W]}
 * </ul>
 */
public final class LayerNorm {
  private final Variable<TFloat32> weight;
  private final Variable<TFloat32> bias;
  private final float epsilon;

  private LayerNorm(Variable<TFloat32> weight, Variable<TFloat32> bias, float epsilon) {
    this.weight = weight;
    this.bias = bias;
    this.epsilon = epsilon;
  }

  /** A normalisation that starts as the identity up to scale. */
  public static LayerNorm create(VariableScope vars, long width, double epsilon) {
    return new LayerNorm(
        vars.create("weight", Shape.of(width), Initializer.ones()),
        vars.create("bias", Shape.of(width), Initializer.zeros()),
        (float) epsilon);
  }

  /** Normalises the last axis. */
  public Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    return ctx.kernels().norm(ctx, x, ctx.read(weight), ctx.read(bias), epsilon);
  }
}
