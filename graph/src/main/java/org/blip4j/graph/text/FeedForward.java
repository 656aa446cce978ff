package org.blip4j.graph.text;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Arithmetic;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.Gelu;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
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

  /**
   * Maps {@code [B, T, W]} to the same shape. In between all is rows: a reshape between bias and
   * GELU would keep the platform from fusing them.
   */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    Operand<TFloat32> rows =
        tf.reshape(x, tf.constant(new long[] {-1, Shapes.known(x, 2)})); // [B*T, W]
    Operand<TFloat32> hidden = Gelu.apply(ctx, intermediate.apply(ctx.in("intermediate"), rows));
    Operand<TFloat32> projected =
        dropout.apply(ctx.in("dropout"), output.apply(ctx.in("output"), hidden));
    Operand<TFloat32> sum = Arithmetic.add(ctx, projected, rows);
    return tf.reshape(
        norm.apply(ctx.in("norm"), sum),
        Shapes.of(
            ctx,
            Shapes.sizeOf(ctx, x, 0),
            Shapes.sizeOf(ctx, x, 1),
            Shapes.size(Shapes.known(x, 2))));
  }
}
