package org.blip4j.graph.loss;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Draws, for each text, a wrong image and, for each image, a wrong text; the more similar a wrong
 * one is, the more often it is drawn (paper section 3.2, blip-spec 5.4 and 7.1).
 *
 * @param imageForText row numbers of images {@code [B]}
 * @param textForImage row numbers of texts {@code [B]}
 */
public record HardNegatives(Operand<TInt32> imageForText, Operand<TInt32> textForImage) {

  /** Checks the ranks. */
  public HardNegatives {
    Shapes.require(imageForText, "negative images", -1);
    Shapes.require(textForImage, "negative texts", -1);
  }

  /**
   * Weights of drawing, without gradient.
   *
   * @param imageForText rows are texts, columns images, {@code [B, B]}; not normalised
   * @param textForImage rows are images, columns texts, {@code [B, B]}
   */
  public record Weights(Operand<TFloat32> imageForText, Operand<TFloat32> textForImage) {}

  /**
   * Softmax of similarities within the batch, 0 for pairs that are not wrong.
   *
   * @param similarity {@code [B, B]}, over the temperature
   * @param floor added before the true pairs are removed: 1e-4 in pre-training, 0 in retrieval
   * @param wrong {@code [B, B]}, 1 for a pair that may serve as a negative
   */
  public static Operand<TFloat32> weights(
      GraphContext ctx, Operand<TFloat32> similarity, float floor, Operand<TFloat32> wrong) {
    Ops tf = ctx.tf();
    Operand<TFloat32> softmax = tf.nn.softmax(similarity);
    Operand<TFloat32> raised = floor == 0 ? softmax : ctx.add(softmax, floor);
    return tf.stopGradient(tf.math.mul(raised, wrong));
  }

  /**
   * Draws one column for each row. A row whose weights are all 0 draws evenly among the other rows
   * of the batch, where upstream fails.
   */
  public static HardNegatives draw(GraphContext outer, Weights weights) {
    GraphContext ctx = outer.in("negatives");
    return new HardNegatives(
        ctx.trace("images", draw(ctx, weights.imageForText(), "images")),
        ctx.trace("texts", draw(ctx, weights.textForImage(), "texts")));
  }

  private static Operand<TInt32> draw(GraphContext ctx, Operand<TFloat32> weights, String purpose) {
    Ops tf = ctx.tf();
    Operand<TFloat32> sum = ctx.sumKept(weights, 1);
    Operand<TFloat32> even = offDiagonal(ctx, weights);
    Operand<TFloat32> usable = tf.select(ctx.greater(sum, 0), weights, even); // [B, B]
    Operand<TInt32> drawn =
        tf.random.statelessMultinomial(
            tf.math.log(usable),
            tf.constant(1),
            ctx.randomness().seedFor(ctx, "negatives/" + purpose),
            TInt32.class); // [B, 1]
    return ctx.flat(drawn);
  }

  /** 1 everywhere but on the diagonal of a square like {@code [B, B]}. */
  public static Operand<TFloat32> offDiagonal(GraphContext ctx, Operand<TFloat32> square) {
    Ops tf = ctx.tf();
    Operand<TInt32> positions = ctx.range(Shapes.dim(ctx, square, 0));
    return tf.dtypes.cast(
        tf.math.notEqual(ctx.expandDims(positions, 0), ctx.expandDims(positions, 1)),
        TFloat32.class);
  }
}
