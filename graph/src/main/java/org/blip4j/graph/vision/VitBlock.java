package org.blip4j.graph.vision;

import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.attention.AttentionHeads;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
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
  private final Dropout attentionPath;
  private final Dropout mlpPath;
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
    this.attentionPath = Dropout.create(vars.child("attn"), dropPath);
    this.mlpPath = Dropout.create(vars.child("mlp"), dropPath);
    this.tokens = config.tokens();
  }

  static VitBlock create(VariableScope vars, VitConfig config, int index) {
    double rate = config.layers() == 1 ? 0 : config.dropPath() * index / (config.layers() - 1);
    return new VitBlock(vars, config, rate);
  }

  /** Maps rows {@code [B*P, W]} to rows of the same shape. */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    GraphContext attn = ctx.in("attn");
    Projected own = project(attn, norm1.apply(ctx.in("norm1"), x));
    return feedForward(ctx, attend(attn, own.queries(), own.source(), x, tokens), tokens);
  }

  /** The same for the class tokens only, {@code [B*P, W]} to {@code [B, W]}. */
  Operand<TFloat32> applyToClass(GraphContext ctx, Operand<TFloat32> x) {
    GraphContext attn = ctx.in("attn");
    Projected own = project(attn, norm1.apply(ctx.in("norm1"), x));
    Operand<TFloat32> first = ctx.slice(own.queries(), 2, 0, 1);
    Operand<TFloat32> samples = ctx.reshape(x, -1, tokens, Shapes.known(x, 1)); // [B, P, W]
    Operand<TFloat32> classes = ctx.at(samples, 0, 1); // [B, W]
    return feedForward(ctx, attend(attn, first, own.source(), classes, 1), 1);
  }

  /**
   * What attention reads.
   *
   * @param queries {@code [B, H, P, D]}
   * @param source keys and values of all tokens
   */
  private record Projected(Operand<TFloat32> queries, KeysValues source) {}

  private Projected project(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    Operand<TFloat32> projected = qkv.apply(ctx.in("qkv"), x); // [B*P, 3W]
    Operand<TFloat32> parts = ctx.reshape(projected, -1, tokens, 3, heads.heads(), heads.width());
    List<Output<TFloat32>> split = tf.unstack(parts, 3L, Unstack.axis(2L)).output(); // [B, P, H, D]
    return new Projected(
        ctx.transpose(split.get(0), 0, 2, 1, 3),
        new KeysValues(
            ctx.transpose(split.get(1), 0, 2, 3, 1), ctx.transpose(split.get(2), 0, 2, 1, 3)));
  }

  /** residual + attention, rows like the residual. */
  private Operand<TFloat32> attend(
      GraphContext ctx,
      Operand<TFloat32> queries,
      KeysValues source,
      Operand<TFloat32> residual,
      int positions) {
    Ops tf = ctx.tf();
    Operand<TFloat32> attended =
        heads.attend(ctx, queries, source, Optional.empty(), Dropout.none());
    Operand<TFloat32> rows = tf.reshape(ctx.transpose(attended, 0, 2, 1, 3), tf.shape(residual));
    return addTo(ctx.in("proj"), residual, new Branch(projection, attentionPath, positions), rows);
  }

  private Operand<TFloat32> feedForward(GraphContext ctx, Operand<TFloat32> middle, int positions) {
    Operand<TFloat32> hidden = fc1.applyGelu(ctx.in("fc1"), norm2.apply(ctx.in("norm2"), middle));
    return addTo(ctx.in("fc2"), middle, new Branch(fc2, mlpPath, positions), hidden);
  }

  /**
   * How a residual branch ends.
   *
   * @param last its last map
   * @param path drops it for a sample
   * @param positions rows of a sample
   */
  private record Branch(Linear last, Dropout path, int positions) {}

  private Operand<TFloat32> addTo(
      GraphContext ctx, Operand<TFloat32> residual, Branch branch, Operand<TFloat32> rows) {
    return ctx.training()
        ? ctx.add(drop(ctx, branch, branch.last().apply(ctx, rows)), residual)
        : branch.last().applyAndAdd(ctx, rows, residual);
  }

  private Operand<TFloat32> drop(GraphContext ctx, Branch branch, Operand<TFloat32> rows) {
    if (branch.path().rate() == 0) {
      return rows;
    }
    Operand<TFloat32> samples =
        ctx.reshape(rows, -1, branch.positions(), Shapes.known(rows, 1)); // [B, P, W]
    return ctx.tf()
        .reshape(branch.path().applyPerSample(ctx, samples), ctx.tf().shape(rows)); // [B*P, W]
  }
}
