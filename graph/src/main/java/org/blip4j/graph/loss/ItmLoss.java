package org.blip4j.graph.loss;

import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedEncoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.layer.Linear;
import org.blip4j.ops.loss.CrossEntropy;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Image-text matching: is this pair a true one? (blip-spec 5.4)
 *
 * <p>Rows are B true pairs, then B pairs (wrong image, text), then B pairs (image, wrong text);
 * class 1 is a match. Images are projected for cross-attention once, however many pairs they are
 * in.
 *
 * <p>Traced under {@code itm}: {@code loss}, {@code logits}, {@code labels}.
 */
public final class ItmLoss {
  private ItmLoss() {}

  /**
   * The loss and what it was made of.
   *
   * @param loss a scalar
   * @param logits {@code [3B, 2]}
   * @param labels {@code [3B]}
   * @param accuracy share of pairs that are judged rightly, a scalar; always answering "no match"
   *     gives 2/3
   */
  public record Result(
      Operand<TFloat32> loss,
      Operand<TFloat32> logits,
      Operand<TInt64> labels,
      Operand<TFloat32> accuracy) {}

  /**
   * B true pairs, then B with a wrong image, then B with a wrong text.
   *
   * @param texts {@code [3B, T]}, beginning with [ENC]
   * @param images projected images {@code [B, ...]} beside the wrong ones
   */
  public record Pairs(Tokens texts, Attended images) {

    /**
     * Pairs of a whole batch.
     *
     * @param tokens {@code [B, T]}, beginning with [ENC]
     * @param images projected images {@code [B, ...]}
     */
    public static Pairs of(
        GraphContext outer, Tokens tokens, Attended images, HardNegatives negatives) {
      GraphContext ctx = outer.in("itm");
      Operand<TInt32> own = ctx.range(Shapes.dim(ctx, tokens.ids(), 0));
      Operand<TInt32> textRows = ctx.concat(0, own, own, negatives.textForImage()); // [3B]
      return new Pairs(
          tokens.gather(ctx, textRows),
          images.beside(images.gather(ctx, negatives.imageForText())));
    }
  }

  /**
   * Computes the loss.
   *
   * @param head maps {@code [N, W]} to {@code [N, 2]}
   * @param pairs what is judged
   */
  public static Result compute(
      GraphContext outer, ImageGroundedEncoder encoder, Linear head, Pairs pairs) {
    GraphContext ctx = outer.in("itm");
    Ops tf = ctx.tf();
    Operand<TFloat32> states =
        encoder.firstStates(ctx.blocks(3), pairs.texts(), pairs.images()); // [3B, W]
    Operand<TInt32> batch = ctx.floorDiv(Shapes.dim(ctx, states, 0), 3);
    Operand<TFloat32> logits = head.apply(ctx.in("head"), states);
    Operand<TInt64> labels =
        tf.dtypes.cast(tf.math.less(ctx.range(ctx.mul(batch, 3)), batch), TInt64.class);
    Operand<TFloat32> loss = ctx.mean(CrossEntropy.hard(ctx, logits, labels, 0), 0);
    Operand<TInt64> judged = ctx.argMax(logits, 1);
    Operand<TFloat32> accuracy =
        ctx.mean(tf.dtypes.cast(tf.math.equal(judged, labels), TFloat32.class), 0);
    ctx.trace("loss", loss);
    ctx.trace("logits", logits);
    ctx.trace("labels", labels);
    return new Result(loss, logits, labels, accuracy);
  }
}
