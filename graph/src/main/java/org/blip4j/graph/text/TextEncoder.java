package org.blip4j.graph.text;

import java.util.List;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * First mode of MED: the unimodal encoder. Self-attention in both directions, no image;
 * cross-attention is skipped. Texts begin with [CLS]. Used for ITC and for text features.
 *
 * @param stack the layers
 */
public record TextEncoder(MedStack stack) {

  /** Encodes texts. */
  public TextStates apply(GraphContext outer, Tokens tokens) {
    GraphContext ctx = outer.in("text").application("text");
    AttentionMask mask = AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN);
    return new TextStates(stack.run(ctx, tokens, mask, List.of()), tokens.mask());
  }

  /** The states of the first tokens, {@code [B, W]}; no more is computed than they need. */
  public Operand<TFloat32> sentenceStates(GraphContext outer, Tokens tokens) {
    GraphContext ctx = outer.in("text").application("text");
    return ctx.training()
        ? stack.firstOfWhole(ctx, tokens, List.of())
        : stack.firstStates(ctx, tokens, List.of());
  }
}
