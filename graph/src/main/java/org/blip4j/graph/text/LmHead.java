package org.blip4j.graph.text;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.core.Weight;
import org.blip4j.ops.layer.EmbeddingTable;
import org.blip4j.ops.layer.LayerNorm;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * The language-model head: norm(gelu(dense(h))) times the word table, transposed, plus a bias
 * (blip-spec 3.6). The matrix is the word table itself.
 */
public final class LmHead {
  private final Linear dense;
  private final LayerNorm norm;
  private final Variable<TFloat32> bias;
  private final EmbeddingTable words;

  private LmHead(VariableScope predictions, TextConfig config, EmbeddingTable words) {
    VariableScope transform = predictions.child("transform");
    this.bias = predictions.create("bias", Shape.of(config.vocabularySize()), Initializer.zeros());
    this.dense = Linear.create(transform.child("dense"), config.width(), config.width());
    this.norm =
        LayerNorm.create(transform.child("LayerNorm"), config.width(), config.layerNormEpsilon());
    this.words = words;
  }

  /** Creates the head below {@code text_decoder}. */
  static LmHead create(VariableScope decoder, TextConfig config, EmbeddingTable words) {
    return new LmHead(decoder.child("cls").child("predictions"), config, words);
  }

  /** The word table as the matrix of the last product. */
  Weight table() {
    return Weight.table(words.weight());
  }

  /** Logits {@code [N, V]} of states {@code [N, W]}. */
  public Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> rows) {
    return apply(ctx, rows, table());
  }

  /** The same with the table in another layout, as {@link KernelSet#forLoop} gives it. */
  Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> rows, Weight table) {
    return ctx.kernels().linear(ctx, transform(ctx, rows), table, ctx.read(bias)); // [N, V]
  }

  private Operand<TFloat32> transform(GraphContext ctx, Operand<TFloat32> rows) {
    return norm.apply(ctx.in("norm"), dense.applyGelu(ctx.in("transform"), rows));
  }
}
