package org.blip4j.ops.image;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
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
 * Maps the rows of a batch to images so that a row which fails is left out instead of failing the
 * run.
 *
 * <p>A graph cannot catch an error, but a data set can skip it: slice, map in parallel, ignore
 * errors, batch, take the one element. A row with a good image is added at the end, since a data
 * set of which nothing is left has no element to take.
 *
 * @param size the side of the images that rows become
 */
record RobustMap(int size) {
  private static final long PARALLEL_ROWS = 16;

  /**
   * The rows that did not fail, in order.
   *
   * @param indices {@code [N]} their numbers
   * @param images {@code [N, size, size, 3]}
   */
  record Survivors(Operand<TInt64> indices, Operand<TUint8> images) {}

  /**
   * Maps rows.
   *
   * @param bytes {@code [B]}
   * @param more further values with one row for each image
   * @param row takes the row's bytes and further values, returns one image {@code [size, size, 3]}
   */
  Survivors run(
      GraphContext ctx, Operand<TString> bytes, List<Operand<?>> more, GraphFunction.Body row) {
    Ops tf = ctx.tf();
    Operand<TInt32> rows = Shapes.dim(ctx, bytes, 0);
    List<Operand<?>> columns = new ArrayList<>();
    columns.add(
        tf.range(
            tf.constant(0L),
            tf.math.add(tf.dtypes.cast(rows, TInt64.class), tf.constant(1L)),
            tf.constant(1L)));
    columns.add(tf.concat(List.of(bytes, goodImage(tf)), tf.constant(0)));
    for (Operand<?> values : more) {
      columns.add(withLastRow(tf, values));
    }
    Output<?> mapped = mapRows(ctx, sliced(ctx, columns), columns, row);
    Output<?> kept =
        ctx.op("IgnoreErrorsDataset", "ignore_errors")
            .addInput(mapped)
            .setAttr("output_types", types())
            .setAttr("output_shapes", shapes())
            .build()
            .output(0);
    return withoutLastRow(tf, single(ctx, kept, rows));
  }

  private static Output<?> sliced(GraphContext ctx, List<Operand<?>> columns) {
    return ctx.op("TensorSliceDataset", "rows")
        .addInputList(columns.stream().map(Operand::asOutput).toArray(Output<?>[]::new))
        .setAttr("Toutput_types", dtypes(columns))
        .setAttr("output_shapes", columns.stream().map(RobustMap::rowShape).toArray(Shape[]::new))
        .build()
        .output(0);
  }

  private Output<?> mapRows(
      GraphContext ctx, Output<?> rows, List<Operand<?>> columns, GraphFunction.Body row) {
    List<GraphFunction.Input> declared =
        columns.stream()
            .map(c -> new GraphFunction.Input(c.asOutput().dataType(), rowShape(c)))
            .toList();
    GraphFunction.Built function =
        GraphFunction.build(
            ctx,
            declared,
            (inner, inputs) ->
                List.of(inputs.get(0), row.apply(inner, inputs.subList(1, inputs.size())).get(0)));
    OperationBuilder builder =
        ctx.op("ParallelMapDatasetV2", "map")
            .addInput(rows)
            .addInputList(
                function.captured().stream().map(Operand::asOutput).toArray(Output<?>[]::new))
            .addInput(ctx.tf().constant(PARALLEL_ROWS).asOutput())
            .setAttr("f", function.function())
            .setAttr("Targuments", dtypes(function.captured()))
            .setAttr("output_types", types())
            .setAttr("output_shapes", shapes());
    return builder.build().output(0);
  }

  private Survivors single(GraphContext ctx, Output<?> rows, Operand<TInt32> count) {
    Ops tf = ctx.tf();
    Operand<TInt64> atLeastAll = tf.math.add(tf.dtypes.cast(count, TInt64.class), tf.constant(1L));
    Shape[] batched = {Shape.of(-1), Shape.of(-1, size, size, 3)};
    Output<?> batch =
        ctx.op("BatchDatasetV2", "batch")
            .addInput(rows)
            .addInput(atLeastAll.asOutput())
            .addInput(tf.constant(false).asOutput())
            .setAttr("output_types", types())
            .setAttr("output_shapes", batched)
            .build()
            .output(0);
    Operation element =
        ctx.op("DatasetToSingleElement", "element")
            .addInput(batch)
            .setAttr("output_types", types())
            .setAttr("output_shapes", batched)
            .build();
    return new Survivors(element.output(0), element.output(1));
  }

  private static Survivors withoutLastRow(Ops tf, Survivors all) {
    Index butLast = Indices.sliceTo(-1);
    return new Survivors(
        tf.stridedSlice(all.indices(), butLast), tf.stridedSlice(all.images(), butLast));
  }

  private static Operand<TString> goodImage(Ops tf) {
    Operand<TUint8> black =
        tf.dtypes.cast(tf.zeros(tf.constant(new int[] {1, 1, 3}), TInt32.class), TUint8.class);
    return tf.expandDims(tf.image.encodePng(black), tf.constant(0));
  }

  private static <T extends TType> Operand<T> withLastRow(Ops tf, Operand<T> values) {
    int rank = values.shape().numDimensions();
    int[][] margins = new int[rank][2];
    margins[0][1] = 1;
    Operand<T> zero = tf.dtypes.cast(tf.constant(0), values.type());
    return tf.pad(values, tf.constant(margins), zero);
  }

  private static Shape rowShape(Operand<?> column) {
    Shape shape = column.shape();
    return shape.tail();
  }

  private static DataType[] dtypes(List<Operand<?>> operands) {
    return operands.stream().map(o -> o.asOutput().dataType()).toArray(DataType[]::new);
  }

  private static DataType[] types() {
    return new DataType[] {DataType.DT_INT64, DataType.DT_UINT8};
  }

  private Shape[] shapes() {
    return new Shape[] {Shape.of(), Shape.of(size, size, 3)};
  }
}
