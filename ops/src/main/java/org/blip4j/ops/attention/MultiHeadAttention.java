package org.blip4j.ops.attention;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.Output;
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

  /** Keys and values with what hides some of them. */
  public record Source(KeysValues keysValues, Optional<AttentionMask> mask) {}

  /**
   * Attends from three blocks of sequences, one after the other: the first and the last attend
   * {@code own}, each of whose sequences serves two, the one between them attends {@code wrong}.
   *
   * @param x {@code [3B, T, W]}
   * @param own of B sequences
   * @param wrong of B sequences
   * @return {@code [3B, T, W]}
   */
  public Operand<TFloat32> applyToPairs(
      GraphContext ctx, Operand<TFloat32> x, Source own, Source wrong) {
    List<Output<TFloat32>> blocks =
        ctx.tf()
            .split(ctx.tf().constant(0), query.apply(ctx.in("query"), x), 3L)
            .output(); // [B, T, W] each
    Operand<TFloat32> twice =
        attend(ctx.in("own"), "own", ctx.concat(1, blocks.get(0), blocks.get(2)), own);
    Operand<TFloat32> once = attend(ctx.in("wrong"), "wrong", blocks.get(1), wrong);
    List<Output<TFloat32>> halves = ctx.tf().split(ctx.tf().constant(1), twice, 2L).output();
    return ctx.concat(0, halves.get(0), once, halves.get(1));
  }

  private Operand<TFloat32> attend(
      GraphContext outer, String application, Operand<TFloat32> queries, Source source) {
    GraphContext ctx = outer.blocks(1).application(application);
    return heads.merge(
        ctx,
        heads.attend(ctx, heads.split(ctx, queries), source.keysValues(), source.mask(), dropout));
  }
}
