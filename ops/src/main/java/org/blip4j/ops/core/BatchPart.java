package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * Which rows of a batch are computed: a step may compute some on another device, or at another
 * time.
 *
 * @param first the number of the first row, a scalar
 * @param rows how many from there on, a scalar
 * @param of rows of the whole batch, a scalar
 */
public record BatchPart(Operand<TInt32> first, Operand<TInt32> rows, Operand<TInt32> of) {

  /** These rows of {@code x [B, ...]}. */
  public <T extends TType> Operand<T> slice(GraphContext ctx, Operand<T> x) {
    Ops tf = ctx.tf();
    List<Operand<TInt32>> begin = new ArrayList<>(List.of(first));
    List<Operand<TInt32>> size = new ArrayList<>(List.of(rows));
    for (int axis = 1; axis < x.shape().numDimensions(); axis++) {
      long known = x.shape().get(axis);
      begin.add(tf.constant(0));
      size.add(known < 0 ? Shapes.dim(ctx, x, axis) : tf.constant((int) known));
    }
    return tf.slice(x, tf.stack(begin), tf.stack(size));
  }

  /** Numbers of these rows in the whole batch, {@code [rows]}. */
  public Operand<TInt32> numbers(GraphContext ctx) {
    return ctx.range(first, end(ctx));
  }

  /** The number after that of the last row, a scalar. */
  public Operand<TInt32> end(GraphContext ctx) {
    return ctx.add(first, rows);
  }
}
