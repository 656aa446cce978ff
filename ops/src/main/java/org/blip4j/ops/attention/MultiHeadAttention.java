package org.blip4j.ops.attention;

import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Multi-head attention with separate projections {@code query}, {@code key} and {@code value}; the
 * attended source may be another sequence of another width. The output projection belongs to the
 * layer around it.
 */
public final class MultiHeadAttention {
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final AttentionHeads heads;
  private final Dropout dropout;

  private MultiHeadAttention(
      Linear query, Linear key, Linear value, AttentionHeads heads, Dropout dropout) {
    this.query = query;
    this.key = key;
    this.value = value;
    this.heads = heads;
    this.dropout = dropout;
  }

  /**
   * Creates the projections.
   *
   * @param width the width of queries and of the result
   * @param sourceWidth the width of the attended sequence
   */
  public static MultiHeadAttention create(
      VariableScope vars, int width, int sourceWidth, int heads, double dropout) {
    return new MultiHeadAttention(
        Linear.create(vars.child("query"), width, width),
        Linear.create(vars.child("key"), sourceWidth, width),
        Linear.create(vars.child("value"), sourceWidth, width),
        AttentionHeads.over(width, heads),
        new Dropout(dropout));
  }

  /** The heads. */
  public AttentionHeads heads() {
    return heads;
  }

  /** Keys and values of a sequence {@code [B, S, sourceWidth]}, to be used any number of times. */
  public KeysValues project(GraphContext ctx, Operand<TFloat32> source) {
    return new KeysValues(
        heads.splitTransposed(ctx, key.apply(ctx.in("key"), source)),
        heads.split(ctx, value.apply(ctx.in("value"), source)));
  }

  /** Keys and values of the real positions of a padded batch, {@code x [R, W]}. */
  public KeysValues project(GraphContext ctx, Operand<TFloat32> x, PackedRows layout) {
    return new KeysValues(
        heads.splitTransposed(ctx, layout.unpack(ctx, key.apply(ctx.in("key"), x))),
        heads.split(ctx, layout.unpack(ctx, value.apply(ctx.in("value"), x))));
  }

  /**
   * Attends from the real positions of a padded batch.
   *
   * @param x {@code [R, W]}
   * @param layout where they lie in {@code [M, T]}
   * @param source keys and values of B sequences, M a multiple of B: adjacent rows of the batch
   *     share one
   * @return {@code [R, W]}
   */
  public Operand<TFloat32> apply(
      GraphContext ctx,
      Operand<TFloat32> x,
      PackedRows layout,
      KeysValues source,
      Optional<AttentionMask> mask) {
    Operand<TFloat32> grouped =
        Shapes.reshape(
            ctx,
            layout.unpack(ctx, query.apply(ctx.in("query"), x)),
            Shapes.sizeOf(ctx, source.keys(), 0),
            Shapes.size(-1),
            Shapes.size((long) heads.heads() * heads.width())); // [B, M/B*T, W]
    Operand<TFloat32> attended =
        heads.merge(ctx, heads.attend(ctx, heads.split(ctx, grouped), source, mask, dropout));
    return layout.pack(ctx, attended);
  }

  /**
   * Attends from {@code x [B, T, W]}.
   *
   * @return {@code [B, T, W]}
   */
  public Operand<TFloat32> apply(
      GraphContext ctx, Operand<TFloat32> x, KeysValues source, Optional<AttentionMask> mask) {
    Operand<TFloat32> queries = heads.split(ctx, query.apply(ctx.in("query"), x));
    return heads.merge(ctx, heads.attend(ctx, queries, source, mask, dropout));
  }

  /**
   * Attends from the rows of several hypotheses of each image to that image's one set of keys.
   *
   * <p>The hypotheses of an image take the place of the positions of one sequence, so that keys and
   * values are neither repeated nor read more than once.
   *
   * @param x {@code [B*K, 1, W]}, hypotheses of an image adjacent
   * @param source keys and values of {@code B} images
   * @return {@code [B*K, 1, W]}
   */
  public Operand<TFloat32> applyShared(
      GraphContext ctx, Operand<TFloat32> x, KeysValues source, Optional<AttentionMask> mask) {
    long width = (long) heads.heads() * heads.width();
    Operand<TFloat32> projected = query.apply(ctx.in("query"), ctx.reshape(x, -1, width));
    Operand<TFloat32> grouped =
        Shapes.reshape(
            ctx,
            projected,
            Shapes.sizeOf(ctx, ctx.capture(source.keys()), 0),
            Shapes.size(-1),
            Shapes.size(width)); // [B, K, W]
    Operand<TFloat32> attended =
        heads.merge(ctx, heads.attend(ctx, heads.split(ctx, grouped), source, mask, dropout));
    return ctx.reshape(attended, -1, 1, width);
  }
}
