package org.blip4j.ops.attention;

import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
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
        Dropout.create(vars, dropout));
  }

  /** The heads. */
  public AttentionHeads heads() {
    return heads;
  }

  /** Keys and values of a sequence {@code [B, S, sourceWidth]}, to be used any number of times. */
  public KeysValues project(GraphContext ctx, Operand<TFloat32> source) {
    return project(ctx, source, Rows.sequences());
  }

  /** Keys and values of states that lie in some way. */
  public KeysValues project(GraphContext ctx, Operand<TFloat32> x, Rows rows) {
    Operand<TFloat32> keys = rows.toSequences(ctx, key.apply(ctx.in("key"), x)); // [B, S, W]
    Operand<TFloat32> values = rows.toSequences(ctx, value.apply(ctx.in("value"), x));
    return new KeysValues(heads.splitTransposed(ctx, keys), heads.split(ctx, values));
  }

  /**
   * Attends.
   *
   * @param x states that lie as {@code rows} says
   * @return like x
   */
  public Operand<TFloat32> apply(
      GraphContext ctx,
      Operand<TFloat32> x,
      Rows rows,
      KeysValues source,
      Optional<AttentionMask> mask) {
    Operand<TFloat32> queries =
        rows.toQueries(ctx, query.apply(ctx.in("query"), x), source); // [B, T, W]
    Operand<TFloat32> attended =
        heads.attend(ctx, heads.split(ctx, queries), source, mask, dropout); // [B, H, T, D]
    return rows.fromQueries(ctx, heads.merge(ctx, attended));
  }
}
