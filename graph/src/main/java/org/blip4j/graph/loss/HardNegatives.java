package org.blip4j.graph.loss;

import java.util.Optional;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Draws, for each text, a wrong image and, for each image, a wrong text; the more similar a wrong
 * one is, the more often it is drawn (paper section 3.2, blip-spec 5.4 and 7.1).
 *
 * @param imageForText row numbers of images in the whole batch, {@code [b]}
 * @param textForImage row numbers of texts, {@code [b]}
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
   * @param imageForText rows are texts, columns images, {@code [b, B]}; not normalised
   * @param textForImage rows are images, columns texts, {@code [b, B]}
   */
  public record Weights(Operand<TFloat32> imageForText, Operand<TFloat32> textForImage) {}

  /**
   * Softmax of similarities within the batch, 0 for pairs that are not wrong.
   *
   * @param similarity {@code [b, B]}, over the temperature
   * @param floor added before the true pairs are removed: 1e-4 in pre-training, 0 in retrieval
   * @param wrong {@code [b, B]}, 1 for a pair that may serve as a negative
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
   *
   * @param part the rows of the weights; empty for all of the batch
   */
  public static HardNegatives draw(GraphContext outer, Weights weights, Optional<BatchPart> part) {
    GraphContext ctx = outer.in("negatives");
    return new HardNegatives(
        ctx.trace("images", draw(ctx, weights.imageForText(), part, "images")),
        ctx.trace("texts", draw(ctx, weights.textForImage(), part, "texts")));
  }

  /** The first column up to which the weights make up a random share of their sum. */
  private static Operand<TInt32> draw(
      GraphContext ctx, Operand<TFloat32> weights, Optional<BatchPart> part, String purpose) {
    Ops tf = ctx.tf();
    Operand<TFloat32> sum = ctx.sumKept(weights, 1);
    Operand<TFloat32> even = offDiagonal(ctx, weights, part);
    Operand<TFloat32> usable = tf.select(ctx.greater(sum, 0), weights, even); // [b, B]
    Operand<TFloat32> sums = ctx.cumsum(usable, 1); // [b, B]
    Operand<TInt32> columns = Shapes.dim(ctx, weights, 1);
    Operand<TFloat32> total = ctx.gather(sums, ctx.expandDims(ctx.sub(columns, 1), 0), 1); // [b, 1]
    Operand<TFloat32> share =
        ctx.randomness()
            .uniform(
                ctx,
                "negatives/" + purpose,
                Shapes.of(ctx, Shapes.sizeOf(ctx, weights, 0), Shapes.size(1)),
                Shape.of(-1, 1)); // [b, 1]
    Operand<TBool> before = tf.math.lessEqual(sums, tf.math.mul(share, total)); // [b, B]
    return ctx.sum(tf.dtypes.cast(before, TInt32.class), 1);
  }

  /**
   * 1 everywhere but where a row meets its own column.
   *
   * @param like {@code [b, B]}
   * @param part which of B rows these are; empty for all
   */
  public static Operand<TFloat32> offDiagonal(
      GraphContext ctx, Operand<TFloat32> like, Optional<BatchPart> part) {
    Ops tf = ctx.tf();
    Operand<TInt32> columns = ctx.range(Shapes.dim(ctx, like, 1));
    Operand<TInt32> rows = part.isEmpty() ? columns : part.get().numbers(ctx);
    return tf.dtypes.cast(
        tf.math.notEqual(ctx.expandDims(columns, 0), ctx.expandDims(rows, 1)), TFloat32.class);
  }
}
