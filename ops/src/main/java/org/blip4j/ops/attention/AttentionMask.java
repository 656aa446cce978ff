package org.blip4j.ops.attention;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Additive masks: 0 where a key is visible and a large finite negative number where it is hidden.
 *
 * <p>The constants are BLIP's (blip-spec 3.4). They are finite: a row without a visible key becomes
 * a softmax over shifted scores and never NaN.
 *
 * @param scores broadcastable to {@code [B, H, T, S]}
 */
public record AttentionMask(Operand<TFloat32> scores) {
  /** Added to hidden keys of self-attention. */
  public static final float SELF_HIDDEN = -10000f;

  /** Added to hidden keys of cross-attention, in float32. */
  public static final float CROSS_HIDDEN = -1e9f;

  /**
   * Hides padding.
   *
   * @param mask {@code [B, S]}, 1 = attend
   * @return a mask {@code [B, 1, 1, S]}
   */
  public static AttentionMask padding(GraphContext ctx, Operand<TInt64> mask, float hidden) {
    GraphContext inner = ctx.in("padding_mask");
    Ops tf = inner.tf();
    Operand<TFloat32> visible = tf.dtypes.cast(mask, TFloat32.class);
    Operand<TFloat32> scores = inner.mul(inner.sub(1, visible), hidden); // [B, S]
    return new AttentionMask(inner.expandDims(inner.expandDims(scores, 1), 1)); // [B, 1, 1, S]
  }

  /**
   * Lets query i see keys j &lt;= i that are not padding.
   *
   * @param mask {@code [B, T]}, 1 = attend
   * @return a mask {@code [B, 1, T, T]}
   */
  public static AttentionMask causal(GraphContext ctx, Operand<TInt64> mask) {
    GraphContext inner = ctx.in("causal_mask");
    Ops tf = inner.tf();
    Operand<TInt32> length = inner.at(tf.shape(mask), 1, 0);
    Operand<TInt32> positions = inner.range(length); // [T]
    Operand<TFloat32> earlier =
        tf.dtypes.cast(
            tf.math.lessEqual(inner.expandDims(positions, 0), inner.expandDims(positions, 1)),
            TFloat32.class); // [T, T]
    Operand<TFloat32> padding =
        inner.expandDims(
            inner.expandDims(tf.dtypes.cast(mask, TFloat32.class), 1), 1); // [B, 1, 1, T]
    Operand<TFloat32> visible = tf.math.mul(padding, earlier); // [B, 1, T, T]
    return new AttentionMask(inner.mul(inner.sub(1, visible), SELF_HIDDEN));
  }

  /** Adds the mask to attention scores {@code [B, H, T, S]}. */
  public Operand<TFloat32> addTo(GraphContext ctx, Operand<TFloat32> attentionScores) {
    return ctx.add(attentionScores, ctx.capture(scores));
  }
}
