package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.Rows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * One layer of the text transformer: self-attention, cross-attention, feed-forward.
 *
 * <p>What a second stack shares is what is passed on: the pre-training decoder has its own
 * self-attention and the encoder's other two (blip-spec 3.8).
 *
 * @param selfAttention attends the text
 * @param crossAttention attends the image, or each of two; skipped by the unimodal encoder
 * @param feedForward the rest
 */
public record MedLayer(
    AttentionBlock selfAttention, AttentionBlock crossAttention, FeedForward feedForward) {

  /** A post-norm feed-forward block: norm(x + output(gelu(intermediate(x)))). */
  public static final class FeedForward {
    private final Linear intermediate;
    private final Linear output;
    private final ResidualNorm residual;

    private FeedForward(VariableScope layer, TextConfig config) {
      this.intermediate =
          Linear.create(
              layer.child("intermediate").child("dense"), config.width(), config.feedForward());
      VariableScope output = layer.child("output");
      this.output = Linear.create(output.child("dense"), config.feedForward(), config.width());
      this.residual = ResidualNorm.create(output, config);
    }

    static FeedForward create(VariableScope layer, TextConfig config) {
      return new FeedForward(layer, config);
    }

    /** Maps {@code [B, T, W]}, or rows {@code [N, W]}, to the same shape. */
    private Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
      return residual.apply(ctx, output, intermediate.applyGelu(ctx.in("intermediate"), x), x);
    }
  }

  /** The same cross-attention and feed-forward after another self-attention. */
  MedLayer withSelfAttention(AttentionBlock own) {
    return new MedLayer(own, crossAttention, feedForward);
  }

  /**
   * What is visible to the states of an application.
   *
   * @param mask hides keys of the text; empty if all are visible
   * @param attended keys and values of each sequence that cross-attention reads: none, which skips
   *     it, one, or a pair
   */
  record View(Optional<AttentionMask> mask, List<Attended> attended) {}

  /**
   * Applies the layer.
   *
   * @param x states that lie as {@code rows} says
   * @param own keys and values of the text
   * @param index of this layer
   * @return like x
   */
  Operand<TFloat32> apply(
      GraphContext ctx, Operand<TFloat32> x, Rows rows, KeysValues own, View view, int index) {
    Operand<TFloat32> read = selfAttention.apply(ctx.in("self"), x, rows, own, view.mask());
    Operand<TFloat32> seen =
        view.attended().isEmpty()
            ? read
            : crossAttention.apply(
                ctx.in("cross"), read, rows.acrossTexts(), view.attended(), index);
    return feedForward.apply(ctx.in("ffn"), seen);
  }
}
