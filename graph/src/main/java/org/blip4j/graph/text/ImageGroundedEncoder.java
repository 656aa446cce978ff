package org.blip4j.graph.text;

import java.util.List;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Second mode of MED: the image-grounded encoder. Self-attention in both directions,
 * cross-attention to the image. Texts begin with [ENC]. Used for ITM, VQA questions and NLVR2.
 *
 * @param stack the layers, the same objects as the unimodal encoder's
 */
public record ImageGroundedEncoder(MedStack stack) {

  /** Encodes texts, each with the image in its row. */
  public TextStates apply(GraphContext ctx, Tokens tokens, AttendedStates image) {
    return apply(ctx, tokens, stack.project(ctx.in("match"), image));
  }

  /** Encodes texts with images that were projected before. */
  public TextStates apply(GraphContext ctx, Tokens tokens, Attended image) {
    return read(ctx, tokens, List.of(image));
  }

  /**
   * Encodes texts, each with two images in its row.
   *
   * @param first the first images, projected as sequence 0
   * @param second the second images, projected as sequence 1
   */
  public TextStates apply(GraphContext ctx, Tokens tokens, Attended first, Attended second) {
    return read(ctx, tokens, List.of(first, second));
  }

  private TextStates read(GraphContext outer, Tokens tokens, List<Attended> images) {
    GraphContext ctx = outer.in("match").application("match");
    AttentionMask mask = AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN);
    return new TextStates(stack.run(ctx, tokens, mask, images), tokens.mask());
  }

  /**
   * The states of the first tokens {@code [N, W]} of texts read with an image each. For inference:
   * no more is computed than they need, and the texts of an image share its keys.
   *
   * @param rows {@code [N]}, which of the images each text has
   * @param images U images, projected before
   */
  public Operand<TFloat32> sentenceStates(
      GraphContext outer, Tokens tokens, Operand<TInt32> rows, Attended images) {
    GraphContext ctx = outer.in("match");
    Operand<TInt32> count = Shapes.dim(ctx, images.layers().get(0).keys(), 0);
    PairGrid grid = PairGrid.of(ctx, tokens, rows, count);
    Operand<TFloat32> states =
        stack.firstStates(ctx, grid.tokens(), List.of(images.gather(ctx, grid.images()))); // [M, W]
    return ctx.gather(states, grid.places(), 0);
  }
}
