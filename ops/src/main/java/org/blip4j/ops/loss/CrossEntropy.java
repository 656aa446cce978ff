package org.blip4j.ops.loss;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Cross-entropy by row, in float32.
 *
 * <p>With label smoothing e and C classes the loss of a row is (1 - e)(-log p_y) + e/C sum_c(-log
 * p_c); the uniform part includes y (PyTorch 1.11 and later, blip-spec 3.7).
 */
public final class CrossEntropy {
  /** The target of a row that does not count. */
  public static final long IGNORE = -100;

  private CrossEntropy() {}

  /**
   * Loss against class numbers; 0 where the target is {@link #IGNORE}.
   *
   * @param logits {@code [N, C]}, C known
   * @param targets {@code [N]}
   * @return {@code [N]}
   */
  public static Operand<TFloat32> hard(
      GraphContext ctx, Operand<TFloat32> logits, Operand<TInt64> targets, double labelSmoothing) {
    Ops tf = ctx.tf();
    long classes = Shapes.known(logits, 1);
    float off = (float) (labelSmoothing / classes);
    float on = (float) (1.0 - labelSmoothing + labelSmoothing / classes);
    Operand<TFloat32> distribution = ctx.oneHot(targets, (int) classes, on, off);
    return tf.math.mul(soft(ctx, logits, distribution), counts(ctx, targets));
  }

  /** 1 for rows that count, 0 for those whose target is {@link #IGNORE}. */
  public static Operand<TFloat32> counts(GraphContext ctx, Operand<TInt64> targets) {
    Ops tf = ctx.tf();
    return tf.dtypes.cast(ctx.notEqual(targets, IGNORE), TFloat32.class);
  }

  /**
   * Loss against distributions, through which no gradient flows.
   *
   * @param logits {@code [N, C]}
   * @param targets {@code [N, C]}
   * @return {@code [N]}
   */
  public static Operand<TFloat32> soft(
      GraphContext ctx, Operand<TFloat32> logits, Operand<TFloat32> targets) {
    Ops tf = ctx.tf();
    return tf.nn.softmaxCrossEntropyWithLogits(logits, tf.stopGradient(targets)).loss(); // [N]
  }

  /** The mean over the rows that count. */
  public static Operand<TFloat32> meanOverCounting(
      GraphContext ctx, Operand<TFloat32> rowLosses, Operand<TInt64> targets) {
    Ops tf = ctx.tf();
    Operand<TFloat32> number = ctx.sum(counts(ctx, targets), 0);
    return tf.math.div(ctx.sum(rowLosses, 0), ctx.maximum(number, 1));
  }
}
