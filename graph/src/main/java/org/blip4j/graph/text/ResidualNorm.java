package org.blip4j.graph.text;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** How every block of a text layer ends: norm(x + dropout(result)) (blip-spec 3.3). */
final class ResidualNorm {
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
