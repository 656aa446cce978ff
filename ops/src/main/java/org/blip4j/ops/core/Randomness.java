package org.blip4j.ops.core;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * Stateless random numbers. A stream is the seed of the run, the step, the layer that draws, and
 * what the layer is applied for: nothing else, so the same application computed again draws the
 * same numbers, a resumed run repeats what an unbroken one would do, and the names of scopes in the
 * graph do not matter. Each row of a batch has its place in a stream: a part of the batch, computed
 * on its own, draws what it would have drawn in the whole.
 *
 * <p>Layers are told apart by the variables they stand beside. A layer that is applied twice in a
 * step draws the same numbers twice unless the applications are named ({@link
 * GraphContext#application}); the modes of a model name theirs.
 *
 * @param seed the seed of the run
 * @param step the number of the training step, a scalar
 * @param application what layers are applied for; empty at the root
 * @param part the rows that are computed; empty for all
 * @param blocks how many times the rows of the batch are there, one block after the other: once, or
 *     three times where each row is in three pairs
 */
public record Randomness(
    long seed, Operand<TInt64> step, String application, Optional<BatchPart> part, int blocks) {
  /** Philox, whatever the device. */
  private static final int PHILOX = 1;

  /** Numbers that one count of the generator gives. */
  private static final int PER_COUNT = 4;

  /** The streams of a whole batch. */
  public Randomness(long seed, Operand<TInt64> step) {
    this(seed, step, "", Optional.empty(), 1);
  }

  /** The streams of another application of the same layers. */
  public Randomness forApplication(String name) {
    return new Randomness(seed, step, application + "/" + name, part, blocks);
  }

  /** The streams of some rows of the batch. */
  public Randomness forPart(BatchPart rows) {
    return new Randomness(seed, step, application, Optional.of(rows), blocks);
  }

  /** The streams of a batch whose rows are there several times, one block after the other. */
  public Randomness forBlocks(int number) {
    return new Randomness(seed, step, application, part, number);
  }

  /**
   * Numbers in [0, 1).
   *
   * @param layer the name of what draws, unique among all that draw in one application
   * @param shape of the numbers, rows first: {@code [blocks rows, ...]}
   * @param known what is known of that shape
   */
  public Operand<TFloat32> uniform(
      GraphContext ctx, String layer, Operand<TInt32> shape, Shape known) {
    Operand<TInt64> seeds = seedFor(ctx, layer);
    if (part.isEmpty()) {
      return ctx.tf().random.statelessRandomUniform(shape, seeds, TFloat32.class);
    }
    long perRow = 1;
    for (int axis = 1; axis < known.numDimensions(); axis++) {
      perRow *= Math.max(1, known.get(axis));
    }
    BatchPart rows =
        new BatchPart(
            ctx.capture(part.get().first()),
            ctx.capture(part.get().rows()),
            ctx.capture(part.get().of()));
    return perRow % PER_COUNT == 0
        ? fromTheirPlace(ctx, seeds, shape, rows)
        : outOfAll(ctx, seeds, shape, rows);
  }

  /** Draws the numbers of all rows and takes those of the part: for few numbers a row. */
  private Operand<TFloat32> outOfAll(
      GraphContext ctx, Operand<TInt64> seeds, Operand<TInt32> shape, BatchPart rows) {
    Operand<TInt32> whole =
        ctx.concat(0, ctx.expandDims(ctx.mul(rows.of(), blocks), 0), ctx.slice(shape, 0, 1, -1));
    Operand<TFloat32> all = ctx.tf().random.statelessRandomUniform(whole, seeds, TFloat32.class);
    List<Operand<TInt32>> places = new ArrayList<>();
    for (int block = 0; block < blocks; block++) {
      places.add(ctx.add(rows.numbers(ctx), ctx.mul(rows.of(), block)));
    }
    return ctx.gather(all, blocks == 1 ? places.get(0) : ctx.concat(0, places), 0);
  }

  /** Sets the generator to the first number of each block. */
  private Operand<TFloat32> fromTheirPlace(
      GraphContext ctx, Operand<TInt64> seeds, Operand<TInt32> shape, BatchPart rows) {
    Ops tf = ctx.tf();
    Operation start =
        ctx.op("StatelessRandomGetKeyCounter", "key_counter").addInput(seeds.asOutput()).build();
    Operand<TInt64> counter = as(ctx, start.output(1), DataType.DT_INT64); // [2]
    Operand<TInt32> rest = ctx.slice(shape, 0, 1, -1);
    Operand<TInt64> counts =
        ctx.floorDiv(tf.reduceProd(tf.dtypes.cast(rest, TInt64.class), tf.constant(0)), PER_COUNT);
    Operand<TInt32> each = ctx.concat(0, ctx.expandDims(rows.rows(), 0), rest);
    List<Operand<TFloat32>> drawn = new ArrayList<>();
    for (int block = 0; block < blocks; block++) {
      Operand<TInt32> row = ctx.add(rows.first(), ctx.mul(rows.of(), block));
      Operand<TInt64> ahead = tf.math.mul(tf.dtypes.cast(row, TInt64.class), counts);
      Operand<TInt64> from = tf.math.add(counter, tf.stack(List.of(ahead, tf.constant(0L)))); // [2]
      drawn.add(
          ctx.op("StatelessRandomUniformV2", "uniform")
              .addInput(each.asOutput())
              .addInput(start.output(0))
              .addInput(as(ctx, from.asOutput(), DataType.DT_UINT64).asOutput())
              .addInput(tf.constant(PHILOX).asOutput())
              .setAttr("dtype", DataType.DT_FLOAT)
              .build()
              .output(0));
    }
    return blocks == 1 ? drawn.get(0) : ctx.concat(0, drawn);
  }

  /** The same bits as numbers of another type. */
  private static <T extends TType> Operand<T> as(GraphContext ctx, Output<?> x, DataType type) {
    return ctx.op("Bitcast", "bits").addInput(x).setAttr("type", type).build().output(0);
  }

  /**
   * The seed pair {@code [2]} of one random operation.
   *
   * @param layer the name of what draws, unique among all that draw in one application
   */
  private Operand<TInt64> seedFor(GraphContext ctx, String layer) {
    long stream = stream(seed, layer + "|" + application + "|0");
    return ctx.tf().stack(List.of(ctx.tf().constant(stream), ctx.capture(step)));
  }

  /** A number that stands for a named stream of a seed. */
  public static long stream(long seed, String name) {
    return Hashing.murmur3_128((int) (seed ^ (seed >>> 32)))
        .hashString(name, StandardCharsets.UTF_8)
        .asLong();
  }
}
