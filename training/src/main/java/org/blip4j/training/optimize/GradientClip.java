package org.blip4j.training.optimize;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The norm of all gradients together, and gradients scaled down to a largest norm.
 *
 * @param gradients scaled if the norm is above the limit
 * @param norm before scaling, a scalar
 */
public record GradientClip(List<Operand<TFloat32>> gradients, Operand<TFloat32> norm) {
  private static final float GUARD = 1e-6f;

  /**
   * Measures and, if {@code limit} is above 0, clips as PyTorch's {@code clip_grad_norm_}: factor
   * min(1, limit / (norm + 1e-6)).
   */
  public static GradientClip apply(
      GraphContext outer, List<Operand<TFloat32>> gradients, double limit) {
    GraphContext ctx = outer.in("clip");
    Ops tf = ctx.tf();
    List<Operand<TFloat32>> halves = new ArrayList<>();
    for (Operand<TFloat32> gradient : gradients) {
      halves.add(tf.nn.l2Loss(gradient));
    }
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(halves), tf.constant(2f)));
    if (limit == 0) {
      return new GradientClip(List.copyOf(gradients), norm);
    }
    Operand<TFloat32> factor =
        tf.math.minimum(
            tf.constant(1f),
            tf.math.div(tf.constant((float) limit), tf.math.add(norm, tf.constant(GUARD))));
    List<Operand<TFloat32>> scaled = new ArrayList<>();
    for (Operand<TFloat32> gradient : gradients) {
      scaled.add(tf.math.mul(gradient, factor));
    }
    return new GradientClip(List.copyOf(scaled), norm);
  }
}
