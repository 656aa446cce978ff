package org.blip4j.ops.attention;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * How states lie while layers compute on them, and how attention gets from there to sequences and
 * back. Products, norms and sums see rows and need not know.
 */
public sealed interface Rows permits Rows.Sequences, Rows.Newest, Rows.Hypotheses, PackedRows {

  /** Whole sequences {@code [B, T, W]}, padding included. */
  static Rows sequences() {
    return new Sequences();
  }

  /** The newest position of each text, {@code [R, W]}; texts of one image are adjacent. */
  static Rows newest() {
    return new Newest();
  }

  /** States as sequences {@code [B, T, W]}, whose keys attention can read. */
  Operand<TFloat32> toSequences(GraphContext ctx, Operand<TFloat32> x);

  /** States as the queries {@code [B, T, W]} of as many sequences of keys. */
  Operand<TFloat32> toQueries(GraphContext ctx, Operand<TFloat32> x, KeysValues source);

  /** What queries gave, {@code [B, T, W]}, as states. */
  Operand<TFloat32> fromQueries(GraphContext ctx, Operand<TFloat32> attended);

  /** How the same states attend the keys of images, which several texts may share. */
  default Rows acrossTexts() {
    return this;
  }

  /** {@code [B, T, W]} as it is. */
  record Sequences() implements Rows {
    @Override
    public Operand<TFloat32> toSequences(GraphContext ctx, Operand<TFloat32> x) {
      return x;
    }

    @Override
    public Operand<TFloat32> toQueries(GraphContext ctx, Operand<TFloat32> x, KeysValues source) {
      return x;
    }

    @Override
    public Operand<TFloat32> fromQueries(GraphContext ctx, Operand<TFloat32> attended) {
      return attended;
    }
  }

  /** Each row of {@code [R, W]} is the newest position of a text and attends that text alone. */
  record Newest() implements Rows {
    @Override
    public Operand<TFloat32> toSequences(GraphContext ctx, Operand<TFloat32> x) {
      return ctx.reshape(x, -1, 1, Shapes.known(x, 1)); // [R, 1, W]
    }

    @Override
    public Operand<TFloat32> toQueries(GraphContext ctx, Operand<TFloat32> x, KeysValues source) {
      return toSequences(ctx, x); // [R, 1, W]
    }

    @Override
    public Operand<TFloat32> fromQueries(GraphContext ctx, Operand<TFloat32> attended) {
      return Shapes.rows(ctx, attended); // [R, W]
    }

    @Override
    public Rows acrossTexts() {
      return new Hypotheses();
    }
  }

  /**
   * Adjacent rows of {@code [R, W]} are hypotheses for one image: they take the place of the
   * positions of one sequence, so that the image's keys are neither repeated nor read twice.
   */
  record Hypotheses() implements Rows {
    @Override
    public Operand<TFloat32> toSequences(GraphContext ctx, Operand<TFloat32> x) {
      throw new IllegalStateException("hypotheses of an image are no sequence to be attended");
    }

    @Override
    public Operand<TFloat32> toQueries(GraphContext ctx, Operand<TFloat32> x, KeysValues source) {
      return Shapes.reshape(
          ctx,
          x,
          Shapes.sizeOf(ctx, ctx.capture(source.keys()), 0),
          Shapes.size(-1),
          Shapes.size(Shapes.known(x, 1))); // [B, K, W]
    }

    @Override
    public Operand<TFloat32> fromQueries(GraphContext ctx, Operand<TFloat32> attended) {
      return Shapes.rows(ctx, attended); // [R, W]
    }
  }
}
