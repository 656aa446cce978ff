package org.blip4j.graph.text;

import java.util.Optional;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.MultiHeadAttention;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Arithmetic;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A post-norm attention block: norm(x + dense(attention(x))) (blip-spec 3.3), for self-attention
 * and for cross-attention.
 */
public final class AttentionBlock {
  private final MultiHeadAttention attention;
  private final Linear dense;
  private final LayerNorm norm;
  private final Dropout dropout;

  private AttentionBlock(VariableScope vars, TextConfig config, int sourceWidth) {
    this.attention =
        MultiHeadAttention.create(
            vars.child("self"), config.width(), sourceWidth, config.heads(), config.dropout());
    VariableScope output = vars.child("output");
    this.dense = Linear.create(output.child("dense"), config.width(), config.width());
    this.norm =
        LayerNorm.create(output.child("LayerNorm"), config.width(), config.layerNormEpsilon());
    this.dropout = new Dropout(config.dropout());
  }

  static AttentionBlock create(VariableScope vars, TextConfig config, int sourceWidth) {
    return new AttentionBlock(vars, config, sourceWidth);
  }

  /** Keys and values of a sequence {@code [B, S, sourceWidth]}. */
  KeysValues project(GraphContext ctx, Operand<TFloat32> source) {
    return attention.project(ctx, source);
  }

  /** Attends from {@code [B, T, W]} to keys and values with the same first dimension. */
  Operand<TFloat32> apply(
      GraphContext ctx, Operand<TFloat32> x, KeysValues source, Optional<AttentionMask> mask) {
    return finish(ctx, x, attention.apply(ctx, x, source, mask));
  }

  /** Attends from {@code [B*K, 1, W]} to keys and values of B images. */
  Operand<TFloat32> applyShared(
      GraphContext ctx, Operand<TFloat32> x, KeysValues source, Optional<AttentionMask> mask) {
    return finish(ctx, x, attention.applyShared(ctx, x, source, mask));
  }

  private Operand<TFloat32> finish(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> attended) {
    Operand<TFloat32> projected =
        dropout.apply(ctx.in("dropout"), dense.apply(ctx.in("dense"), attended));
    return norm.apply(ctx.in("norm"), Arithmetic.add(ctx, projected, x));
  }
}
