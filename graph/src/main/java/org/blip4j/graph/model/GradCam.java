package org.blip4j.graph.model;

import java.util.function.Function;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.attention.AttentionHeads;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Trace;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Maps of what an image-grounded encoder looks at (Grad-CAM over cross-attention, as in the figures
 * of the paper and of ALBEF, section 6.4 there): what each piece of a text attends, times the
 * gradient of the matching logit by it where that is positive; the mean over heads and over the
 * pieces between first token and [SEP].
 *
 * @param layer whose cross-attention is shown, from 0
 */
record GradCam(int layer) {
  private static final int USUAL_LAYER = 6;

  /**
   * Of the layer that is usual in twelve, of the middle one where there are few; never of the last,
   * in which the matching logit depends on what the first token attends alone.
   */
  static GradCam of(int layers) {
    return new GradCam(layers > USUAL_LAYER + 1 ? USUAL_LAYER : (layers - 1) / 2);
  }

  /**
   * Adds the maps.
   *
   * @param ctx with kernels that have gradients
   * @param tokens {@code [B, T]}
   * @param logits makes the logits {@code [B, 2]} of "no match" and "match" in a context that
   *     traces
   * @return {@code [B, P - 1]}, 0 or more; 0 for a text without pieces
   */
  Operand<TFloat32> apply(
      GraphContext ctx, Tokens tokens, Function<GraphContext, Operand<TFloat32>> logits) {
    Trace trace = new Trace();
    Operand<TFloat32> match = ctx.sum(ctx.at(logits.apply(ctx.with(trace)), 1, 1), 0);
    Operand<TFloat32> attended = // [B, H, T, P]
        trace.floats("match/layer%d/cross/%s".formatted(layer, AttentionHeads.PROBABILITIES));
    Operand<TFloat32> gain = ctx.maximum(gradient(ctx, match, attended), 0f);
    Operand<TFloat32> patches = // the class token of the image is left out
        ctx.slice(ctx.tf().math.mul(attended, gain), 3, 1, -1); // [B, H, T, P - 1]
    Operand<TFloat32> pieces = pieces(ctx, tokens); // [B, T]
    Operand<TFloat32> sum =
        ctx.sum(ctx.tf().math.mul(ctx.mean(patches, 1), ctx.expandDims(pieces, 2)), 1);
    return ctx.tf().math.div(sum, ctx.maximum(ctx.sumKept(pieces, 1), 1f));
  }

  @SuppressWarnings("unchecked") // the gradient of a float is float
  private static Operand<TFloat32> gradient(
      GraphContext ctx, Operand<TFloat32> y, Operand<TFloat32> x) {
    return (Operand<TFloat32>)
        ctx.graph()
            .addGradients(
                ctx.tf().scope().makeOpName("gradients"),
                new Output<?>[] {y.asOutput()},
                new Output<?>[] {x.asOutput()},
                null)[0];
  }

  /** 1 for each token between the first and the last, 0 elsewhere, {@code [B, T]}. */
  private static Operand<TFloat32> pieces(GraphContext ctx, Tokens tokens) {
    Ops tf = ctx.tf();
    Operand<TInt32> places = ctx.range(Shapes.dim(ctx, tokens.ids(), 1)); // [T]
    Operand<TInt64> count = ctx.sumKept(tokens.mask(), 1); // [B, 1]
    Operand<TInt32> last = ctx.sub(tf.dtypes.cast(count, TInt32.class), 1);
    return tf.dtypes.cast(
        tf.math.logicalAnd(ctx.greater(places, 0), tf.math.less(places, last)), TFloat32.class);
  }
}
