package org.blip4j.ops.decode;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.types.TInt32;

/** Turns positions within rows into positions within a matrix. */
final class RowIndex {
  private RowIndex() {}

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
