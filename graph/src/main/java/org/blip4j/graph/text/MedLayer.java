package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.Rows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.LayerNorm;
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

  /** How every block of a text layer ends: norm(x + dropout(result)) (blip-spec 3.3). */
  static final class ResidualNorm {
    private final LayerNorm norm;
    private final Dropout dropout;

    private ResidualNorm(LayerNorm norm, Dropout dropout) {
      this.norm = norm;
      this.dropout = dropout;
    }

    /** Creates {@code LayerNorm} in the scope {@code output} of a block. */
    static ResidualNorm create(VariableScope output, TextConfig config) {
      return new ResidualNorm(
          LayerNorm.create(output.child("LayerNorm"), config.width(), config.layerNormEpsilon()),
          Dropout.create(output, config.dropout()));
    }

    /** norm(x + dropout(result)), all of one shape. */
    Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> result, Operand<TFloat32> x) {
      Operand<TFloat32> kept = dropout.apply(ctx.in("dropout"), result);
      return norm.apply(ctx.in("norm"), ctx.add(kept, x));
    }

    /**
     * norm(x + dropout(dense(hidden))). In between all is rows, so that the platform fuses product,
     * bias and sum.
     *
     * @param hidden {@code [B, T, any width]}, or rows of rank 2
     * @param x what entered the block, {@code [B, T, W]} or rows
     * @return like x
     */
    Operand<TFloat32> apply(
        GraphContext ctx, Linear dense, Operand<TFloat32> hidden, Operand<TFloat32> x) {
      if (ctx.training()) {
        return apply(ctx, dense.apply(ctx.in("dense"), hidden), x);
      }
      Operand<TFloat32> sum =
          dense.applyAndAdd(ctx.in("dense"), Shapes.rows(ctx, hidden), Shapes.rows(ctx, x));
      Operand<TFloat32> normal = norm.apply(ctx.in("norm"), sum);
      if (x.shape().numDimensions() == 2) {
        return normal;
      }
      return Shapes.reshape(
          ctx,
          normal,
          Shapes.sizeOf(ctx, x, 0),
          Shapes.sizeOf(ctx, x, 1),
          Shapes.size(Shapes.known(x, 2)));
    }
  }
}
