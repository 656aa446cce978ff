package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.PackedRows;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Reads texts for the states of their first tokens, which is all that ITC and ITM look at. For
 * inference: padding is not computed, nor what follows the first token in the last layer; the texts
 * of an image share its keys.
 */
final class SentenceStates {
  private SentenceStates() {}

  /**
   * Reads.
   *
   * @param tokens {@code [M, T]}; rows without a token are allowed, their states mean nothing
   * @param attended B sequences, M a multiple of B, the texts of each adjacent; empty skips
   *     cross-attention
   * @return {@code [M, W]}
   */
  static Operand<TFloat32> read(
      GraphContext ctx, MedStack stack, Tokens tokens, Optional<Attended> attended) {
    AttentionMask padding =
        AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN); // [M, 1, 1, T]
    PackedRows layout = PackedRows.of(ctx, tokens.mask()).rounded(ctx);
    Operand<TFloat32> embedded =
        stack.embeddings().apply(ctx.in("embeddings"), tokens.ids(), ctx.tf().constant(0));
    Operand<TFloat32> x = layout.pack(ctx, embedded); // [R, W]
    List<MedLayer> layers = stack.layers();
    for (int i = 0; i < layers.size(); i++) {
      MedLayer layer = layers.get(i);
      GraphContext inner = ctx.in("layer" + i);
      GraphContext self = inner.in("self");
      KeysValues own = layer.selfAttention().project(self, x, layout);
      if (i == layers.size() - 1) {
        x = layout.firsts(self, x); // [M, W]
        layout = layout.single(self);
      }
      x = layer.selfAttention().apply(self, x, layout, own, Optional.of(padding));
      if (attended.isPresent()) {
        Attended source = attended.get();
        x =
            layer
                .crossAttention()
                .apply(inner.in("cross"), x, layout, source.layers().get(i), source.mask());
      }
      x = layer.feedForward().apply(inner.in("ffn"), x);
    }
    return x;
  }
}
