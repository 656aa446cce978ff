package org.blip4j.ops.layer;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.OwnGradient;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Zeroes elements with a probability and scales the rest by 1 / (1 - rate), in training only: an
 * inference graph has no trace of it.
 *
 * @param rate the probability, in [0, 1)
 * @param layer the name of its stream of random numbers
 */
public record Dropout(double rate, String layer) {
  /** Holds a byte for each element. */
  private static final OwnGradient OWN =
      OwnGradient.define(
          "dropout",
          (ctx, operands, gradient) ->
              List.of(scaled(ctx, gradient, operands.get(1), operands.get(2))));

  /** Checks the rate. */
  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("dropout rate " + rate + " must be in [0, 1)");
    }
  }

  /** One that draws in the name of a scope. */
  public static Dropout create(VariableScope vars, double rate) {
    return new Dropout(rate, vars.name());
  }

  /** One that drops nothing. */
  public static Dropout none() {
    return new Dropout(0, "");
  }

  /** Drops single elements. */
  public Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    return active(ctx) ? drop(ctx, x, ctx.tf().shape(x), x.shape()) : x;
  }

  /**
   * Drops whole samples of a residual branch (stochastic depth, blip-spec 2.3).
   *
   * @param branch {@code [B, P, W]}
   */
  public Operand<TFloat32> applyPerSample(GraphContext ctx, Operand<TFloat32> branch) {
    if (!active(ctx)) {
      return branch;
    }
    return drop(
        ctx,
        branch,
        Shapes.of(ctx, Shapes.sizeOf(ctx, branch, 0), Shapes.size(1), Shapes.size(1)),
        Shape.of(-1, 1, 1)); // [3]
  }

  private boolean active(GraphContext ctx) {
    return ctx.training() && rate > 0;
  }

  private Operand<TFloat32> drop(
      GraphContext ctx, Operand<TFloat32> x, Operand<TInt32> maskShape, Shape known) {
    Ops tf = ctx.tf();
    Operand<TFloat32> uniform = ctx.randomness().uniform(ctx, layer, maskShape, known);
    Operand<TBool> keep = ctx.greaterEqual(uniform, rate);
    Operand<TFloat32> scale = tf.constant((float) (1.0 / (1.0 - rate)));
    return OWN.of(ctx, scaled(ctx, x, keep, scale), List.of(x), keep, scale);
  }

  private static Operand<TFloat32> scaled(
      GraphContext ctx, Operand<TFloat32> x, Operand<?> keep, Operand<TFloat32> scale) {
    Ops tf = ctx.tf();
    return tf.math.mul(x, tf.math.mul(tf.dtypes.cast(keep, TFloat32.class), scale));
  }
}
