package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

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
    List<Operand<TFloat32>> outputs = layers(ctx, tokens, image);
    return new TextStates(outputs.get(outputs.size() - 1), tokens.mask());
  }

  /**
   * Encodes texts, each with two images in its row, and names what lies between.
   *
   * @param first the first images, projected as sequence 0
   * @param second the second images, projected as sequence 1
   */
  public MedStack.Trace pair(GraphContext outer, Tokens tokens, Attended first, Attended second) {
    GraphContext ctx = outer.in("match");
    AttentionMask mask = AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN);
    return stack.trace(ctx, tokens, mask, List.of(first, second));
  }

  /** The output of every layer {@code [B, T, W]}. */
  public List<Operand<TFloat32>> layers(GraphContext outer, Tokens tokens, Attended image) {
    GraphContext ctx = outer.in("match");
    AttentionMask mask = AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN);
    return stack.run(ctx, tokens, mask, Optional.of(image));
  }
}
