package org.blip4j.graph.loss;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.loss.CrossEntropy;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;

/**
 * Image-text contrastive loss with momentum features, queues and soft targets (blip-spec 5.3).
 *
 * <p>Traced under {@code itc}: {@code loss}, and in both directions ({@code _i2t}, {@code _t2i})
 * {@code loss}, {@code similarity}, {@code momentum_similarity}, {@code targets}.
 *
 * <p>Columns of every similarity are the momentum features of the batch, then the queue.
 */
public final class ItcLoss {
  private ItcLoss() {}

  /**
   * What the loss is computed from.
   *
   * @param online features of b rows, through which the gradient flows
   * @param momentum features of the same rows from the momentum encoders
   * @param all the same of the whole batch, of which {@code online} may be a part
   * @param queue features of earlier batches, {@code [Q, E]} each
   * @param temperature a scalar
   * @param alpha weight of the soft targets, a scalar
   * @param hardTargets {@code [b, B+Q]}, rows sum to 1
   */
  public record Inputs(
      Features online,
      Features momentum,
      Features all,
      Features queue,
      Operand<TFloat32> temperature,
      Operand<TFloat32> alpha,
      Operand<TFloat32> hardTargets) {}

  /**
   * The two directions of a quantity, {@code [B, B+Q]} each.
   *
   * @param imageToText rows are images
   * @param textToImage rows are texts
   */
  public record Directions(Operand<TFloat32> imageToText, Operand<TFloat32> textToImage) {
    private Directions traced(GraphContext ctx, String name) {
      ctx.trace(name + "_i2t", imageToText);
      ctx.trace(name + "_t2i", textToImage);
      return this;
    }
  }

  /**
   * The loss and what negatives are drawn by.
   *
   * @param loss a scalar, the mean of both directions
   * @param similarities over the temperature, with gradient
   */
  public record Result(Operand<TFloat32> loss, Directions similarities) {}

  /** Computes the loss. */
  public static Result compute(GraphContext outer, Inputs in) {
    GraphContext ctx = outer.in("itc");
    Ops tf = ctx.tf();
    List<Operand<TFloat32>> images = columns(ctx, in.all().image(), in.queue().image());
    List<Operand<TFloat32>> texts = columns(ctx, in.all().text(), in.queue().text());
    Directions similarities =
        new Directions(
                similarity(ctx, in.online().image(), texts, in.temperature()),
                similarity(ctx, in.online().text(), images, in.temperature()))
            .traced(ctx, "similarity"); // [B, B+Q]
    Operand<TFloat32> constant = tf.stopGradient(in.temperature());
    Directions momentum =
        new Directions(
                tf.stopGradient(similarity(ctx, in.momentum().image(), texts, constant)),
                tf.stopGradient(similarity(ctx, in.momentum().text(), images, constant)))
            .traced(ctx, "momentum_similarity"); // [B, B+Q]
    Directions targets =
        new Directions(
                targets(ctx, in, momentum.imageToText()), targets(ctx, in, momentum.textToImage()))
            .traced(ctx, "targets"); // [B, B+Q]
    Operand<TFloat32> imageToText =
        mean(ctx, CrossEntropy.soft(ctx, similarities.imageToText(), targets.imageToText()));
    Operand<TFloat32> textToImage =
        mean(ctx, CrossEntropy.soft(ctx, similarities.textToImage(), targets.textToImage()));
    Operand<TFloat32> loss = ctx.mul(ctx.add(imageToText, textToImage), 0.5f);
    new Directions(imageToText, textToImage).traced(ctx, "loss");
    ctx.trace("loss", loss);
    return new Result(loss, similarities);
  }

  /** Not in one matrix: the queue would be copied in each step. */
  private static List<Operand<TFloat32>> columns(
      GraphContext ctx, Operand<TFloat32> batch, Operand<TFloat32> queue) {
    return List.of(ctx.tf().stopGradient(batch), ctx.tf().stopGradient(queue));
  }

  private static Operand<TFloat32> similarity(
      GraphContext ctx,
      Operand<TFloat32> rows,
      List<Operand<TFloat32>> columns,
      Operand<TFloat32> temperature) {
    List<Operand<TFloat32>> products =
        columns.stream()
            .map(part -> ctx.tf().linalg.<TFloat32>matMul(rows, part, MatMul.transposeB(true)))
            .<Operand<TFloat32>>map(product -> product)
            .toList();
    return ctx.div(ctx.concat(1, products), temperature);
  }

  private static Operand<TFloat32> targets(
      GraphContext ctx, Inputs in, Operand<TFloat32> momentumSimilarity) {
    Ops tf = ctx.tf();
    Operand<TFloat32> soft = tf.math.mul(tf.nn.softmax(momentumSimilarity), in.alpha());
    Operand<TFloat32> hard = tf.math.mul(in.hardTargets(), ctx.sub(1, in.alpha()));
    return tf.stopGradient(ctx.add(soft, hard));
  }

  private static Operand<TFloat32> mean(GraphContext ctx, Operand<TFloat32> rows) {
    return ctx.mean(rows, 0);
  }

  /**
   * Image and text features of a batch of pairs, of length 1.
   *
   * @param image {@code [B, E]}
   * @param text {@code [B, E]}
   */
  public record Features(Operand<TFloat32> image, Operand<TFloat32> text) {
    /** Checks the ranks. */
    public Features {
      Shapes.require(image, "image features", -1, -1);
      Shapes.require(text, "text features", -1, -1);
    }
  }
}
