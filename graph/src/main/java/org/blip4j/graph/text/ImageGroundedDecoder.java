package org.blip4j.graph.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.PackedRows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Third mode of MED: the image-grounded decoder. Causal self-attention, cross-attention to the
 * image, language-model head. Texts begin with [DEC].
 *
 * @param stack the layers; in pre-training all but self-attention are the encoder's objects
 * @param head gives logits over the vocabulary
 */
public record ImageGroundedDecoder(MedStack stack, LmHead head) {

  /**
   * Creates the decoder's head over a stack.
   *
   * @param decoder the scope {@code text_decoder}
   */
  public static ImageGroundedDecoder create(VariableScope decoder, MedStack stack) {
    return new ImageGroundedDecoder(
        stack, LmHead.create(decoder, stack.config(), stack.embeddings().words()));
  }

  /** States of whole texts, {@code [B, T, W]}. */
  public TextStates states(GraphContext outer, Tokens tokens, Attended image) {
    GraphContext ctx = outer.in("decode");
    List<Operand<TFloat32>> outputs =
        stack.run(ctx, tokens, AttentionMask.causal(ctx, tokens.mask()), Optional.of(image));
    return new TextStates(outputs.get(outputs.size() - 1), tokens.mask());
  }

  /**
   * States of the real positions of whole texts. For inference: padding is not computed, and the
   * texts of an image share its keys.
   *
   * @param tokens {@code [M, T]}
   * @param layout where their real positions lie
   * @param image B projected sequences, M a multiple of B, the texts of each adjacent
   * @return {@code [R, W]}
   */
  public Operand<TFloat32> packedStates(
      GraphContext outer, Tokens tokens, PackedRows layout, Attended image) {
    GraphContext ctx = outer.in("decode");
    AttentionMask causal = AttentionMask.causal(ctx, tokens.mask());
    Operand<TFloat32> embedded =
        stack.embeddings().apply(ctx.in("embeddings"), tokens.ids(), ctx.tf().constant(0));
    Operand<TFloat32> x = layout.pack(ctx, embedded);
    for (int i = 0; i < stack.layers().size(); i++) {
      MedLayer layer = stack.layers().get(i);
      GraphContext inner = ctx.in("layer" + i);
      GraphContext self = inner.in("self");
      KeysValues own = layer.selfAttention().project(self, x, layout);
      x = layer.selfAttention().apply(self, x, layout, own, Optional.of(causal));
      KeysValues source = image.layers().get(i);
      x = layer.crossAttention().apply(inner.in("cross"), x, layout, source, image.mask());
      x = layer.feedForward().apply(inner.in("ffn"), x);
    }
    return x;
  }

  /** Logits of whole texts, {@code [B, T, V]}; position t predicts the token at t + 1. */
  public Operand<TFloat32> logits(GraphContext ctx, Tokens tokens, Attended image) {
    TextStates states = states(ctx, tokens, image);
    Operand<TFloat32> rows = ctx.reshape(states.hidden(), -1, stack.config().width()); // [B*T, W]
    Operand<TFloat32> flat = head.apply(ctx.in("head"), rows);
    return Shapes.reshape(
        ctx,
        flat,
        Shapes.sizeOf(ctx, tokens.ids(), 0),
        Shapes.sizeOf(ctx, tokens.ids(), 1),
        Shapes.size(stack.config().vocabularySize()));
  }

  /**
   * The result of one step of generation.
   *
   * @param state of the last position, {@code [R, W]}
   * @param cache keys and values of all positions so far, one entry a layer
   */
  public record Step(Operand<TFloat32> state, List<KeysValues> cache) {}

  /**
   * Runs new positions after cached ones; every row has the same number of positions.
   *
   * @param ids {@code [R, T]}: the prompt at first, one column later
   * @param position number of cached positions, a scalar
   * @param cache keys and values of the cached positions; empty at first
   * @param image projected images {@code [B, ...]} with R a multiple of B: hypotheses of an image
   *     are adjacent and share its keys
   */
  public Step step(
      GraphContext outer,
      Operand<TInt64> ids,
      Operand<TInt32> position,
      Optional<List<KeysValues>> cache,
      Attended image) {
    GraphContext ctx = outer.in("step");
    Ops tf = ctx.tf();
    Operand<TFloat32> x = stack.embeddings().apply(ctx.in("embeddings"), ids, position);
    Optional<AttentionMask> mask =
        cache.isPresent()
            ? Optional.empty()
            : Optional.of(AttentionMask.causal(ctx, tf.onesLike(ids)));
    List<KeysValues> next = new ArrayList<>();
    for (int i = 0; i < stack.layers().size(); i++) {
      MedLayer layer = stack.layers().get(i);
      GraphContext inner = ctx.in("layer" + i);
      GraphContext self = inner.in("self");
      KeysValues own = layer.selfAttention().project(self, x);
      KeysValues all = cache.isPresent() ? cache.get().get(i).append(self, own) : own;
      next.add(all);
      x = layer.selfAttention().apply(self, x, all, mask);
      GraphContext cross = inner.in("cross");
      KeysValues keys = image.layers().get(i);
      x =
          cache.isPresent()
              ? layer.crossAttention().applyShared(cross, x, keys, image.mask())
              : layer.crossAttention().apply(cross, x, keys, image.mask());
      x = layer.feedForward().apply(inner.in("ffn"), x);
    }
    Operand<TInt32> last = ctx.sub(Shapes.dim(ctx, ids, 1), 1); // the newest position
    return new Step(ctx.gather(x, last, 1), List.copyOf(next));
  }
}
