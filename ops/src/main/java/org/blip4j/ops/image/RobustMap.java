package org.blip4j.ops.image;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.index.Index;
import org.tensorflow.ndarray.index.Indices;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * Maps the rows of a batch so that a row which fails is left out instead of failing the run.
 *
 * <p>A graph cannot catch an error, but a data set can skip it: slice, map in parallel, ignore
 * errors, map on, batch, take the one element. Only the first map may fail: an error of the second,
 * such as a want of memory, is none of the row and ends the run with its cause. A row with a good
 * image is added at the end, since a data set of which nothing is left has no element to take.
 *
 * @param rows files, {@code [B]}, then further values with one row for each
 * @param parallel how many rows are worked on at once, a scalar
 */
record RobustMap(List<Operand<?>> rows, Operand<TInt64> parallel) {

  /**
   * What is done with a row.
   *
   * @param body from the row's values to others
   * @param results their types and shapes
   */
  record Step(GraphFunction.Body body, List<GraphFunction.Input> results) {}

  /**
   * The rows that did not fail, in order.
   *
   * @param indices {@code [N]} their numbers
   * @param values {@code [N, ...]}, what became of them
   */
  record Survivors(Operand<TInt64> indices, Operand<?> values) {}

  /**
   * Maps rows.
   *
   * @param steps the first may fail; the last one gives a single value
   */
  Survivors run(GraphContext ctx, Step... steps) {
    Ops tf = ctx.tf();
    Operand<TInt64> count =
        ctx.add(tf.dtypes.cast(Shapes.dim(ctx, rows.get(0), 0), TInt64.class), 1);
    List<Operand<?>> columns = new ArrayList<>();
    columns.add(ctx.range(count));
    columns.add(ctx.concat(0, strings(rows.get(0)), goodImage(ctx)));
    rows.subList(1, rows.size()).forEach(values -> columns.add(withLastRow(ctx, values)));
    List<GraphFunction.Input> row =
        columns.stream()
            .map(c -> new GraphFunction.Input(c.asOutput().dataType(), c.shape().tail()))
            .toList();
    Output<?> set =
        ctx.op("TensorSliceDataset", "rows")
            .addInputList(columns.stream().map(Operand::asOutput).toArray(Output<?>[]::new))
            .setAttr("Toutput_types", types(row))
            .setAttr("output_shapes", shapes(row))
            .build()
            .output(0);
    for (int i = 0; i < steps.length; i++) {
      set = map(ctx, set, row, steps[i]);
      row = numbered(steps[i]);
      if (i == 0) {
        set =
            ctx.op("IgnoreErrorsDataset", "ignore_errors")
                .addInput(set)
                .setAttr("output_types", types(row))
                .setAttr("output_shapes", shapes(row))
                .build()
                .output(0);
      }
    }
    return withoutLastRow(ctx, single(ctx, set, row, count));
  }

  private Output<?> map(GraphContext ctx, Output<?> set, List<GraphFunction.Input> row, Step step) {
    GraphFunction.Built function =
        GraphFunction.build(
            ctx,
            row,
            (inner, in) ->
                Stream.concat(
                        Stream.of(in.get(0)),
                        step.body().apply(inner, in.subList(1, in.size())).stream())
                    .toList());
    List<Operand<?>> captured = function.captured();
    return ctx.op("ParallelMapDatasetV2", "map")
        .addInput(set)
        .addInputList(captured.stream().map(Operand::asOutput).toArray(Output<?>[]::new))
        .addInput(parallel.asOutput())
        .setAttr("f", function.function())
        .setAttr("Targuments", types(captured.stream().map(GraphFunction.Input::like).toList()))
        .setAttr("output_types", types(numbered(step)))
        .setAttr("output_shapes", shapes(numbered(step)))
        .build()
        .output(0);
  }

  private static Survivors single(
      GraphContext ctx, Output<?> set, List<GraphFunction.Input> row, Operand<TInt64> count) {
    Shape[] batched =
        row.stream()
            .map(column -> column.shape().prepend(Shape.UNKNOWN_SIZE))
            .toArray(Shape[]::new);
    Output<?> batch =
        ctx.op("BatchDatasetV2", "batch")
            .addInput(set)
            .addInput(count.asOutput())
            .addInput(ctx.tf().constant(false).asOutput())
            .setAttr("output_types", types(row))
            .setAttr("output_shapes", batched)
            .build()
            .output(0);
    Operation element =
        ctx.op("DatasetToSingleElement", "element")
            .addInput(batch)
            .setAttr("output_types", types(row))
            .setAttr("output_shapes", batched)
            .build();
    return new Survivors(element.output(0), element.output(1));
  }

  private static Survivors withoutLastRow(GraphContext ctx, Survivors all) {
    Ops tf = ctx.tf();
    Index butLast = Indices.sliceTo(-1);
    return new Survivors(
        tf.stridedSlice(all.indices(), butLast), tf.stridedSlice(all.values(), butLast));
  }

  private static Operand<TString> goodImage(GraphContext ctx) {
    Ops tf = ctx.tf();
    Operand<TUint8> black =
        tf.dtypes.cast(tf.zeros(tf.constant(new int[] {1, 1, 3}), TInt32.class), TUint8.class);
    return ctx.expandDims(tf.image.encodeJpeg(black), 0);
  }

  private static <T extends TType> Operand<T> withLastRow(GraphContext ctx, Operand<T> values) {
    Ops tf = ctx.tf();
    int rank = values.shape().numDimensions();
    int[][] margins = new int[rank][2];
    margins[0][1] = 1;
    Operand<T> zero = tf.dtypes.cast(tf.constant(0), values.type());
    return tf.pad(values, tf.constant(margins), zero);
  }

  /** What a step gives, after the number of the row. */
  private static List<GraphFunction.Input> numbered(Step step) {
    GraphFunction.Input number = new GraphFunction.Input(DataType.DT_INT64, Shape.scalar());
    return Stream.concat(Stream.of(number), step.results().stream()).toList();
  }

  private static DataType[] types(List<GraphFunction.Input> columns) {
    return columns.stream().map(GraphFunction.Input::dtype).toArray(DataType[]::new);
  }

  private static Shape[] shapes(List<GraphFunction.Input> columns) {
    return columns.stream().map(GraphFunction.Input::shape).toArray(Shape[]::new);
  }

  @SuppressWarnings("unchecked") // the first column
  private static Operand<TString> strings(Operand<?> operand) {
    return (Operand<TString>) operand;
  }
}
