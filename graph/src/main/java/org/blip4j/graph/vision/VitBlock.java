package org.blip4j.graph.vision;

import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.attention.AttentionHeads;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Arithmetic;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Unstack;
import org.tensorflow.types.TFloat32;

/**
 * One pre-norm block: x + attention(norm1(x)), then x + mlp(norm2(x)) (blip-spec 2.2).
 *
 * <p>States travel as rows {@code [B*P, W]}, so that products, biases and residuals fuse.
 */
final class VitBlock {
  private final LayerNorm norm1;
  private final Linear qkv;
  private final Linear projection;
  private final LayerNorm norm2;
  private final Linear fc1;
  private final Linear fc2;
  private final AttentionHeads heads;
  private final Dropout dropPath;
  private final int tokens;

  private VitBlock(VariableScope vars, VitConfig config, double dropPath) {
    int width = config.width();
    this.norm1 = LayerNorm.create(vars.child("norm1"), width, config.layerNormEpsilon());
    this.qkv = Linear.create(vars.child("attn").child("qkv"), width, 3L * width);
    this.projection = Linear.create(vars.child("attn").child("proj"), width, width);
    this.norm2 = LayerNorm.create(vars.child("norm2"), width, config.layerNormEpsilon());
    long hidden = config.mlpWidth();
    this.fc1 = Linear.create(vars.child("mlp").child("fc1"), width, hidden);
    this.fc2 = Linear.create(vars.child("mlp").child("fc2"), hidden, width);
    this.heads = AttentionHeads.over(width, config.heads());
    this.dropPath = new Dropout(dropPath);
    this.tokens = config.tokens();
  }

  static VitBlock create(VariableScope vars, VitConfig config, int index) {
    double rate = config.layers() == 1 ? 0 : config.dropPath() * index / (config.layers() - 1);
    return new VitBlock(vars, config, rate);
  }

  /** Maps rows {@code [B*P, W]} to rows of the same shape. */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    Operand<TFloat32> attended = attention(ctx.in("attn"), norm1.apply(ctx.in("norm1"), x), x);
    Operand<TFloat32> middle = Arithmetic.add(ctx, drop(ctx, attended), x);
    Operand<TFloat32> hidden = fc1.applyGelu(ctx.in("fc1"), norm2.apply(ctx.in("norm2"), middle));
    return Arithmetic.add(ctx, drop(ctx, fc2.apply(ctx.in("fc2"), hidden)), middle);
  }

  private Operand<TFloat32> attention(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> residual) {
    Ops tf = ctx.tf();
    Operand<TFloat32> projected = qkv.apply(ctx.in("qkv"), x); // [B*P, 3W]
    Operand<TFloat32> parts =
        tf.reshape(
            projected, tf.constant(new long[] {-1, tokens, 3, heads.heads(), heads.width()}));
    List<Output<TFloat32>> split = tf.unstack(parts, 3L, Unstack.axis(2L)).output(); // [B, P, H, D]
    Operand<TFloat32> queries =
        tf.linalg.transpose(split.get(0), tf.constant(new int[] {0, 2, 1, 3}));
    Operand<TFloat32> keys = tf.linalg.transpose(split.get(1), tf.constant(new int[] {0, 2, 3, 1}));
    Operand<TFloat32> values =
        tf.linalg.transpose(split.get(2), tf.constant(new int[] {0, 2, 1, 3}));
    Operand<TFloat32> attended =
        heads.attend(ctx, queries, new KeysValues(keys, values), Optional.empty(), new Dropout(0));
    Operand<TFloat32> rows =
        tf.reshape(
            tf.linalg.transpose(attended, tf.constant(new int[] {0, 2, 1, 3})),
            tf.shape(residual)); // [B*P, W]
    return projection.apply(ctx.in("proj"), rows);
  }

  private Operand<TFloat32> drop(GraphContext ctx, Operand<TFloat32> rows) {
    if (!ctx.training() || dropPath.rate() == 0) {
      return rows;
    }
    Ops tf = ctx.tf();
    long width = rows.shape().get(1);
    Operand<TFloat32> samples = tf.reshape(rows, tf.constant(new long[] {-1, tokens, width}));
    return tf.reshape(dropPath.applyPerSample(ctx, samples), tf.shape(rows));
  }
}
