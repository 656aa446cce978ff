package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One training batch of questions in dialogues about images, each with answers of which the first
 * is the true one.
 *
 * @param pixels normalised {@code [B, S, S, 3]}
 * @param captions {@code [B, C]}, beginning with [CLS]
 * @param dialogues {@code [B, G * T]}: for each image G texts of T tokens, one for each answer
 * @param answers G
 */
public record DialogueBatch(
    Operand<TFloat32> pixels, Tokens captions, Tokens dialogues, int answers)
    implements TaskBatch<DialogueBatch> {

  /** Placeholders. */
  static DialogueBatch feeds(GraphContext ctx, Sizes sizes, int answers) {
    int columns = sizes.columns() < 0 ? -1 : answers * sizes.columns();
    return new DialogueBatch(
        TaskBatch.pixels(ctx, "pixels", sizes),
        TaskBatch.tokens(ctx, "caption_", Shape.of(sizes.rows(), -1)),
        TaskBatch.tokens(ctx, "", Shape.of(sizes.rows(), columns)),
        answers);
  }

  /** The texts one under another, the true answers of all images first: {@code [G * B, T]}. */
  Tokens byAnswer(GraphContext outer) {
    GraphContext ctx = outer.in("by_answer");
    return new Tokens(byAnswer(ctx, dialogues.ids()), byAnswer(ctx, dialogues.mask()));
  }

  private Operand<TInt64> byAnswer(GraphContext ctx, Operand<TInt64> fed) {
    Ops tf = ctx.tf();
    long all = fed.shape().get(1);
    Shapes.Part columns =
        all >= 0
            ? Shapes.size(all / answers)
            : Shapes.value(ctx.floorDiv(Shapes.dim(ctx, fed, 1), answers));
    Operand<TInt64> apart =
        Shapes.reshape(ctx, fed, Shapes.sizeOf(ctx, fed, 0), Shapes.size(answers), columns);
    Operand<TInt64> turned = tf.linalg.transpose(apart, tf.constant(new int[] {1, 0, 2}));
    return Shapes.reshape(ctx, turned, Shapes.size(-1), columns);
  }

  /** Some of the questions. */
  @Override
  public DialogueBatch rows(GraphContext ctx, BatchPart part) {
    return new DialogueBatch(
        TaskBatch.rows(ctx, part, pixels),
        TaskBatch.rows(ctx, part, captions),
        TaskBatch.rows(ctx, part, dialogues),
        answers);
  }

  @Override
  public ImmutableMap<String, Operand<?>> feeds() {
    return ImmutableMap.of(
        "pixels", pixels,
        "caption_ids", captions.ids(),
        "caption_mask", captions.mask(),
        "ids", dialogues.ids(),
        "mask", dialogues.mask());
  }
}
