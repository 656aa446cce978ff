package org.blip4j.graph.text;

import java.util.Optional;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.core.GraphContext;

/**
 * First mode of MED: the unimodal encoder. Self-attention in both directions, no image;
 * cross-attention is skipped. Texts begin with [CLS]. Used for ITC and for text features.
 *
 * @param stack the layers
 */
public record TextEncoder(MedStack stack) {

  /** Encodes texts. */
  public TextStates apply(GraphContext outer, Tokens tokens) {
    GraphContext ctx = outer.in("text");
    AttentionMask mask = AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN);
    var outputs = stack.run(ctx, tokens, mask, Optional.empty());
    return new TextStates(outputs.get(outputs.size() - 1), tokens.mask());
  }
}
