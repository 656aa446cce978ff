package org.blip4j.ops.attention;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * How states lie while layers compute on them, and how attention gets from there to sequences and
 * back. Products, norms and sums see rows and need not know.
 */
public sealed interface Rows permits Rows.Sequences, Rows.Newest, Rows.Hypotheses, Rows.Packed {

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

  /**
   * Where the real positions of a padded batch lie, so that all but attention can run on them
   * alone.
   *
   * @param places {@code [M, T]}, the row of each place; padding has some row or other
   * @param rows {@code [R]}, the place {@code m * T + t} of each row
   */
  record Packed(Operand<TInt32> places, Operand<TInt32> rows) implements Rows {

    private static final int MULTIPLE = 16;

    /** Checks the ranks. */
    public Packed {
      Shapes.require(places, "places", -1, -1);
      Shapes.require(rows, "rows", -1);
    }

    /**
     * All positions that are not padding.
     *
     * @param mask {@code [M, T]}, 1 = a position
     */
    public static Packed of(GraphContext outer, Operand<TInt64> mask) {
      GraphContext ctx = outer.in("packed_rows");
      Ops tf = ctx.tf();
      Operand<TInt32> flat = ctx.flat(tf.dtypes.cast(mask, TInt32.class)); // [M*T]
      Operand<TInt32> before = ctx.sub(ctx.cumsum(flat, 0), 1);
      return new Packed(
          tf.reshape(ctx.maximum(before, 0), tf.shape(mask)),
          ctx.flat(tf.dtypes.cast(tf.where(ctx.notEqual(flat, 0)), TInt32.class)));
    }

    /**
     * These and further rows that no place has, so that their number is a multiple of 16: the
     * platform makes a kernel for each number of rows that comes up, and keeps it.
     */
    public Packed rounded(GraphContext outer) {
      GraphContext ctx = outer.in("rounded_rows");
      Ops tf = ctx.tf();
      Operand<TInt32> missing = ctx.floorMod(tf.math.neg(tf.size(rows)), MULTIPLE);
      Operand<TInt32> more = ctx.fill(ctx.reshape(missing, 1), 0);
      return new Packed(places, ctx.concat(0, rows, more));
    }

    /**
     * One position of each row of these: rows that {@link #firsts} has picked.
     *
     * @return {@code [M, 1]} places
     */
    public Packed single(GraphContext outer) {
      GraphContext ctx = outer.in("single_rows");
      Operand<TInt32> numbers = ctx.range(Shapes.dim(outer, places, 0)); // [M]
      return new Packed(ctx.expandDims(numbers, 1), numbers);
    }

    /** The rows {@code [M, W]} at the first places. */
    public Operand<TFloat32> firsts(GraphContext ctx, Operand<TFloat32> x) {
      return ctx.gather(x, ctx.at(places, 0, 1), 0);
    }

    /** Rows {@code [R, W]} to {@code [M, T, W]}. */
    @Override
    public Operand<TFloat32> toSequences(GraphContext ctx, Operand<TFloat32> x) {
      return ctx.gather(x, places, 0); // [M, T, W]
    }

    /**
     * Rows {@code [R, W]} as queries of B sequences of keys, M a multiple of B: adjacent sequences
     * of these share one.
     */
    @Override
    public Operand<TFloat32> toQueries(GraphContext ctx, Operand<TFloat32> x, KeysValues source) {
      return Shapes.reshape(
          ctx,
          toSequences(ctx, x),
          Shapes.sizeOf(ctx, source.keys(), 0),
          Shapes.size(-1),
          Shapes.size(Shapes.known(x, 1))); // [B, M/B*T, W]
    }

    /** {@code [..., W]} over all places, in their order, to rows {@code [R, W]}. */
    @Override
    public Operand<TFloat32> fromQueries(GraphContext ctx, Operand<TFloat32> attended) {
      return ctx.gather(Shapes.rows(ctx, attended), rows, 0); // [R, W]
    }
  }
}
