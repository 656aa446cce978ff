package org.blip4j.graph.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.MultiHeadAttention;
import org.blip4j.ops.attention.Rows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A post-norm attention block: norm(x + dense(attention(x))) (blip-spec 3.3), for self-attention
 * and for cross-attention.
 *
 * <p>A block over a pair of sequences has two such attentions side by side, each with weights of
 * its own, and merges what both give: the mean, or a linear map of the two in a row (blip-spec
 * 7.5).
 */
public final class AttentionBlock {
  private final List<Branch> branches;
  private final Optional<Linear> merge;
  private final MedLayer.ResidualNorm residual;

  /** The attention to one sequence and the map of what it gives. */
  private record Branch(MultiHeadAttention attention, Linear dense) {
    static Branch create(VariableScope vars, TextConfig config, int sourceWidth, String number) {
      int width = config.width();
      return new Branch(
          MultiHeadAttention.create(
              vars.child("self" + number), width, sourceWidth, config.heads(), config.dropout()),
          Linear.create(vars.child("output").child("dense" + number), width, width));
    }
  }

  private AttentionBlock(
      VariableScope output, TextConfig config, List<Branch> branches, Optional<Linear> merge) {
    this.branches = branches;
    this.merge = merge;
    this.residual = MedLayer.ResidualNorm.create(output, config);
  }

  static AttentionBlock create(VariableScope vars, TextConfig config, int sourceWidth) {
    return new AttentionBlock(
        vars.child("output"),
        config,
        List.of(Branch.create(vars, config, sourceWidth, "")),
        Optional.empty());
  }

  /**
   * A block over a pair of sequences.
   *
   * @param merges whether both results are merged by a linear map; otherwise by their mean
   */
  static AttentionBlock createPair(
      VariableScope vars, TextConfig config, int sourceWidth, boolean merges) {
    VariableScope output = vars.child("output");
    return new AttentionBlock(
        output,
        config,
        List.of(
            Branch.create(vars, config, sourceWidth, "0"),
            Branch.create(vars, config, sourceWidth, "1")),
        merges
            ? Optional.of(
                Linear.create(output.child("merge_layer"), 2L * config.width(), config.width()))
            : Optional.empty());
  }

  /**
   * Keys and values of one sequence {@code [B, S, sourceWidth]} of those that are attended.
   *
   * @param sequence 0, or 1 for the second of a pair
   */
  KeysValues project(GraphContext ctx, int sequence, Operand<TFloat32> source) {
    return branches.get(sequence).attention().project(ctx, source);
  }

  /** Keys and values of the text itself. */
  KeysValues project(GraphContext ctx, Operand<TFloat32> x, Rows rows) {
    return only().attention().project(ctx, x, rows);
  }

  /** Attends from states that lie in some way; the result lies like them. */
  Operand<TFloat32> apply(
      GraphContext ctx,
      Operand<TFloat32> x,
      Rows rows,
      KeysValues source,
      Optional<AttentionMask> mask) {
    Branch branch = only();
    Operand<TFloat32> attended = branch.attention().apply(ctx, x, rows, source, mask);
    return residual.apply(ctx, branch.dense(), attended, x);
  }

  /**
   * Attends to one sequence or to each of a pair.
   *
   * @param sequences projected for all layers
   * @param layer which of these is this block's
   */
  Operand<TFloat32> apply(
      GraphContext ctx, Operand<TFloat32> x, Rows rows, List<Attended> sequences, int layer) {
    requireSequences(sequences.size());
    if (branches.size() == 1) {
      Attended source = sequences.get(0);
      return source.wrong().isPresent()
          ? applyToPairs(ctx, x, source, source.wrong().get(), layer)
          : apply(ctx, x, rows, source.layers().get(layer), source.mask());
    }
    List<Operand<TFloat32>> both = new ArrayList<>();
    for (int i = 0; i < branches.size(); i++) {
      GraphContext inner = ctx.in("sequence" + i);
      Branch branch = branches.get(i);
      Attended source = sequences.get(i);
      Operand<TFloat32> attended =
          branch.attention().apply(inner, x, rows, source.layers().get(layer), source.mask());
      both.add(branch.dense().apply(inner.in("dense"), attended));
    }
    Operand<TFloat32> merged =
        merge.isPresent()
            ? merge.get().apply(ctx.in("merge"), ctx.concat(2, both)) // [B, T, 2W]
            : ctx.mul(ctx.add(both.get(0), both.get(1)), 0.5);
    return residual.apply(ctx, merged, x);
  }

  private Operand<TFloat32> applyToPairs(
      GraphContext ctx, Operand<TFloat32> x, Attended own, Attended wrong, int layer) {
    Branch branch = only();
    Operand<TFloat32> attended =
        branch
            .attention()
            .applyToPairs(
                ctx,
                x,
                new MultiHeadAttention.Source(own.layers().get(layer), own.mask()),
                new MultiHeadAttention.Source(wrong.layers().get(layer), wrong.mask()));
    return residual.apply(ctx, branch.dense(), attended, x);
  }

  private Branch only() {
    requireSequences(1);
    return branches.get(0);
  }

  private void requireSequences(int given) {
    if (given != branches.size()) {
      throw new IllegalArgumentException(
          "this layer attends %d sequences, %d are given".formatted(branches.size(), given));
    }
  }
}
