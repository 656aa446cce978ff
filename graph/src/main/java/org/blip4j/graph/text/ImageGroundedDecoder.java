package org.blip4j.graph.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.Rows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.EmbeddingTable;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
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
    GraphContext ctx = outer.in("decode").application("decode");
    AttentionMask causal = AttentionMask.causal(ctx, tokens.mask());
    return new TextStates(stack.run(ctx, tokens, causal, List.of(image)), tokens.mask());
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
      GraphContext outer, Tokens tokens, Rows.Packed layout, Attended image) {
    GraphContext ctx = outer.in("decode");
    AttentionMask causal = AttentionMask.causal(ctx, tokens.mask());
    return stack.runPacked(ctx, tokens, layout, causal, List.of(image));
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
   * @param ids {@code [R, T]}: the prompt at first, {@code [R, 1]} with a cache
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
    Operand<TFloat32> embedded =
        stack.embeddings().apply(ctx.in("embeddings"), ids, position); // [R, T, W]
    List<KeysValues> next = new ArrayList<>();
    if (cache.isEmpty()) {
      AttentionMask causal = AttentionMask.causal(ctx, ctx.tf().onesLike(ids));
      Operand<TFloat32> states =
          stack.run(
              ctx,
              embedded,
              Rows.sequences(),
              new MedLayer.View(Optional.of(causal), List.of(image)),
              (self, layer, own) -> kept(next, own)); // [R, T, W]
      Operand<TInt32> last = ctx.sub(Shapes.dim(ctx, ids, 1), 1);
      return new Step(ctx.gather(states, last, 1), List.copyOf(next));
    }
    Operand<TFloat32> state =
        stack.run(
            ctx,
            Shapes.rows(ctx, embedded),
            Rows.newest(),
            new MedLayer.View(Optional.empty(), List.of(image)),
            (self, layer, own) -> kept(next, cache.get().get(layer).append(self, own))); // [R, W]
    return new Step(state, List.copyOf(next));
  }

  private static KeysValues kept(List<KeysValues> all, KeysValues layer) {
    all.add(layer);
    return layer;
  }

  /**
   * The language-model head: norm(gelu(dense(h))) times the word table, transposed, plus a bias
   * (blip-spec 3.6). The matrix is the word table itself.
   */
  public static final class LmHead {
    private final Linear dense;
    private final LayerNorm norm;
    private final Variable<TFloat32> bias;
    private final EmbeddingTable words;

    private LmHead(VariableScope predictions, TextConfig config, EmbeddingTable words) {
      VariableScope transform = predictions.child("transform");
      this.bias =
          predictions.create("bias", Shape.of(config.vocabularySize()), Initializer.zeros());
      this.dense = Linear.create(transform.child("dense"), config.width(), config.width());
      this.norm =
          LayerNorm.create(transform.child("LayerNorm"), config.width(), config.layerNormEpsilon());
      this.words = words;
    }

    /** Creates the head below {@code text_decoder}. */
    static LmHead create(VariableScope decoder, TextConfig config, EmbeddingTable words) {
      return new LmHead(decoder.child("cls").child("predictions"), config, words);
    }

    /** The word table as the matrix of the last product. */
    KernelSet.Weight table() {
      return KernelSet.Weight.table(words.weight());
    }

    /** Logits {@code [N, V]} of states {@code [N, W]}. */
    public Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> rows) {
      return apply(ctx, rows, table());
    }

    /** The same with the table in another layout, as {@link KernelSet#forLoop} gives it. */
    Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight table) {
      return ctx.kernels().linear(ctx, transform(ctx, rows), table, ctx.read(bias)); // [N, V]
    }

    private Operand<TFloat32> transform(GraphContext ctx, Operand<TFloat32> rows) {
      return norm.apply(ctx.in("norm"), dense.applyGelu(ctx.in("transform"), rows));
    }
  }
}
