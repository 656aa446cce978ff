package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * A table of vectors {@code weight [rows, W]}, looked up by number.
 *
 * <p>Ids {@code [B, T]} give {@code [B, T, W]}.
 */
public final class EmbeddingTable {
  private final Variable<TFloat32> weight;

  private EmbeddingTable(Variable<TFloat32> weight) {
    this.weight = weight;
  }

  /** A table that starts as the scope's scheme says. */
  public static EmbeddingTable create(VariableScope vars, long rows, long width) {
    return new EmbeddingTable(
        vars.create("weight", Shape.of(rows, width), vars.scheme().embedding()));
  }

  /** The table {@code [rows, W]}. */
  public Variable<TFloat32> weight() {
    return weight;
  }

  /** Looks rows up. */
  public Operand<TFloat32> apply(GraphContext ctx, Operand<? extends TNumber> ids) {
    return ctx.gather(ctx.read(weight), ids, 0);
  }
}
