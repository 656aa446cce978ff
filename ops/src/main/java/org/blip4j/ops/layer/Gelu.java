package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The exact Gaussian error linear unit, 0.5 x (1 + erf(x / sqrt 2)); BLIP never uses the tanh form.
 *
 * <p>Written in the one order that the platform recognises behind a {@code BiasAdd}.
 */
public final class Gelu {
  private static final float SQRT_HALF = 0.70710677f;

  private Gelu() {}

  /** Element by element; the shape is kept. */
  public static Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    Operand<TFloat32> half = ctx.mul(x, 0.5f);
    Operand<TFloat32> erf = tf.math.erf(ctx.mul(x, SQRT_HALF));
    return tf.math.mul(half, Arithmetic.add(ctx, erf, tf.constant(1f)));
  }
}
