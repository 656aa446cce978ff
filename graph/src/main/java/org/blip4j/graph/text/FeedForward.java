package org.blip4j.graph.text;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Arithmetic;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.Gelu;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** A post-norm feed-forward block: norm(x + output(gelu(intermediate(x)))). */
public final class FeedForward {
  private final Linear intermediate;
  private final Linear output;
  private final LayerNorm norm;
  private final Dropout dropout;

  private FeedForward(VariableScope layer, TextConfig config) {
    this.intermediate =
        Linear.create(
            layer.child("intermediate").child("dense"), config.width(), config.feedForward());
    this.output =
        Linear.create(layer.child("output").child("dense"), config.feedForward(), config.width());
    this.norm =
        LayerNorm.create(
            layer.child("output").child("LayerNorm"), config.width(), config.layerNormEpsilon());
    this.dropout = new Dropout(config.dropout());
  }

  static FeedForward create(VariableScope layer, TextConfig config) {
    return new FeedForward(layer, config);
  }

  /** Maps {@code [B, T, W]} to the same shape. */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    Operand<TFloat32> hidden = Gelu.apply(ctx, intermediate.apply(ctx.in("intermediate"), x));
    Operand<TFloat32> projected =
        dropout.apply(ctx.in("dropout"), output.apply(ctx.in("output"), hidden));
    return norm.apply(ctx.in("norm"), Arithmetic.add(ctx, projected, x));
  }
}
