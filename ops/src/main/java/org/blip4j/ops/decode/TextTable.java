package org.blip4j.ops.decode;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/** Texts as matrices of a fixed number of columns that are filled from the left, a text a row. */
final class TextTable {
  private TextTable() {}

  /** Ids {@code [B, n]} followed by padding, {@code [B, columns]}. */
  static Operand<TInt64> pad(GraphContext ctx, Operand<TInt64> ids, int columns, long padding) {
    Ops tf = ctx.tf();
    Operand<TInt32> missing = ctx.sub(columns, Shapes.dim(ctx, ids, 1));
    Operand<TInt32> paddings =
        ctx.reshape(
            Shapes.of(ctx, Shapes.size(0), Shapes.size(0), Shapes.size(0), Shapes.value(missing)),
            2,
            2);
    return ctx.reshape(tf.pad(ids, paddings, tf.constant(padding)), -1, columns);
  }

  /**
   * Writes one column.
   *
   * @param ids {@code [..., L]}
   * @param column its number: a scalar, or {@code [..., 1]}
   * @param values {@code [..., 1]}
   */
  static Operand<TInt64> put(
      GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> column, Operand<TInt64> values) {
    Ops tf = ctx.tf();
    int axis = ids.shape().numDimensions() - 1;
    Operand<TInt32> numbers = ctx.range(Shapes.dim(ctx, ids, axis)); // [L]
    Operand<TBool> here = tf.math.equal(numbers, column);
    return tf.select(here, values, ids);
  }

  /** One column {@code [...]} of ids {@code [..., L]}. */
  static Operand<TInt64> get(GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> column) {
    return ctx.gather(ids, column, -1);
  }

  /** Pairs (row, column) {@code [R, N, 2]} for columns {@code [R, N]}. */
  static Operand<TInt32> pairs(GraphContext ctx, Operand<TInt32> columns) {
    Ops tf = ctx.tf();
    Operand<TInt32> rows = ctx.range(Shapes.dim(ctx, columns, 0)); // [R]
    Operand<TInt32> spread = tf.math.add(ctx.expandDims(rows, 1), tf.zerosLike(columns)); // [R, N]
    return tf.stack(List.of(spread, columns), Stack.axis(2L));
  }

  /** Each of B rows {@code copies} times, adjacent: row numbers {@code [B*copies]}. */
  static Operand<TInt32> repeated(GraphContext ctx, Operand<TInt32> rows, int copies) {
    Ops tf = ctx.tf();
    Operand<TInt32> numbers = ctx.range(rows);
    Operand<TInt32> table =
        tf.math.add(ctx.expandDims(numbers, 1), tf.constant(new int[1][copies])); // [B, K]
    return ctx.flat(table);
  }
}
