package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Scales vectors to length 1: x / max(|x|, 1e-12) over the last axis of {@code [B, E]}. */
public final class Normalize {
  private static final float SMALLEST_SQUARE = 1e-24f;

  private Normalize() {}

  /** Scales each row. */
  public static Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    Operand<TFloat32> squares = ctx.sumKept(tf.math.square(x), -1);
    return tf.math.mul(x, tf.math.rsqrt(ctx.maximum(squares, SMALLEST_SQUARE)));
  }
}
