package org.blip4j.graph.text;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** A post-norm feed-forward block: norm(x + output(gelu(intermediate(x)))). */
public final class FeedForward {
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
  Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    return residual.apply(ctx, output, intermediate.applyGelu(ctx.in("intermediate"), x), x);
  }
}
