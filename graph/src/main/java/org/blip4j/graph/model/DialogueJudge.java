package org.blip4j.graph.model;

import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedEncoder;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.TextEncoder;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The parts that judge whether an answer goes on with a dialogue about an image (VisDial; paper
 * section 5.5, blip-spec 7.6). They have the weights of image-text matching, so that any model that
 * matches has them.
 *
 * @param encoder reads a dialogue with an answer
 * @param itmHead maps its first state to two logits; class 1 = it is the true answer
 */
public record DialogueJudge(ImageGroundedEncoder encoder, Linear itmHead) {

  static DialogueJudge create(VariableScope vars, BlipConfig config) {
    MedStack stack =
        MedStack.create(vars.child("text_encoder"), config.text(), config.vision().width());
    return new DialogueJudge(
        new ImageGroundedEncoder(stack),
        Linear.createFanIn(vars.child("itm_head"), config.text().width(), 2));
  }

  /**
   * Projects what dialogues are read with: the states of their image and, behind them, those of its
   * caption, which the same layers encode without the image.
   *
   * @param captions {@code [B, C]}, beginning with [CLS]; their padding is hidden
   */
  public Attended context(GraphContext ctx, ImageStates images, Tokens captions) {
    TextStates caption = new TextEncoder(encoder.stack()).apply(ctx.in("caption"), captions);
    GraphContext inner = ctx.in("context");
    Operand<TInt64> visible =
        inner.fill(
            Shapes.of(
                inner,
                Shapes.sizeOf(inner, images.hidden(), 0),
                Shapes.sizeOf(inner, images.hidden(), 1)),
            1L); // [B, P]
    Attended.States both =
        new Attended.States(
            inner.concat(1, images.hidden(), caption.hidden()), // [B, P + C, W]
            Optional.of(inner.concat(1, visible, captions.mask())));
    return encoder.stack().project(inner, both);
  }

  /**
   * Judges answers, for inference.
   *
   * @param dialogues {@code [N, T]}, each with an answer at its end; the first token becomes [ENC]
   * @param rows {@code [N]}, which of the contexts each has
   * @param contexts of B images
   * @return logits {@code [N, 2]}
   */
  public Operand<TFloat32> judge(
      GraphContext ctx, Tokens dialogues, Operand<TInt32> rows, Attended contexts) {
    return itmHead.apply(
        ctx.in("itm_head"), encoder.sentenceStates(ctx, encoded(ctx, dialogues), rows, contexts));
  }

  /** The same for training: each has the context in its row. */
  public Operand<TFloat32> judge(GraphContext ctx, Tokens dialogues, Attended contexts) {
    return itmHead.apply(
        ctx.in("itm_head"), encoder.firstStates(ctx, encoded(ctx, dialogues), contexts));
  }

  private Tokens encoded(GraphContext ctx, Tokens dialogues) {
    return dialogues.withFirst(ctx, encoder.stack().config().tokens().enc());
  }
}
