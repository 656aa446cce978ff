package org.blip4j.graph.text;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.EmbeddingTable;
import org.blip4j.ops.layer.LayerNorm;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * norm(words + positions); there are no token types (blip-spec 3.2). Positions count from the first
 * column, whatever the padding.
 */
public final class Embeddings {
  private final EmbeddingTable words;
  private final EmbeddingTable positions;
  private final LayerNorm norm;
  private final Dropout dropout;

  private Embeddings(VariableScope vars, TextConfig config) {
    this.words =
        EmbeddingTable.create(
            vars.child("word_embeddings"), config.vocabularySize(), config.width());
    this.positions =
        EmbeddingTable.create(
            vars.child("position_embeddings"), config.maxPositions(), config.width());
    this.norm =
        LayerNorm.create(vars.child("LayerNorm"), config.width(), config.layerNormEpsilon());
    this.dropout = Dropout.create(vars, config.dropout());
  }

  static Embeddings create(VariableScope vars, TextConfig config) {
    return new Embeddings(vars, config);
  }

  /** The word table, which is also the output matrix of the language model. */
  public EmbeddingTable words() {
    return words;
  }

  /** Embeds texts {@code [B, T]} from their first token on: {@code [B, T, W]}. */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TInt64> ids) {
    return apply(ctx, ids, ctx.tf().constant(0));
  }

  /**
   * Embeds ids {@code [B, T]} whose first column is at a position.
   *
   * @param offset the position of the first column, a scalar
   * @return {@code [B, T, W]}
   */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> offset) {
    Ops tf = ctx.tf();
    Operand<TInt32> places =
        ids.shape().get(1) == 1
            ? ctx.reshape(offset, 1)
            : ctx.range(offset, tf.math.add(offset, Shapes.dim(ctx, ids, 1))); // [T]
    Operand<TFloat32> sum = ctx.add(words.apply(ctx, ids), positions.apply(ctx, places));
    return dropout.apply(ctx.in("dropout"), norm.apply(ctx.in("norm"), sum));
  }
}
