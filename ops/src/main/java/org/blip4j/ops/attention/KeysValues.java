package org.blip4j.ops.attention;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Projected keys and values of one attention layer.
 *
 * @param keys {@code [B, H, D, S]}, transposed once so that every product reads them in order
 * @param values {@code [B, H, S, D]}
 */
public record KeysValues(Operand<TFloat32> keys, Operand<TFloat32> values) {

  /** Checks the ranks. */
  public KeysValues {
    Shapes.require(keys, "attention keys", -1, -1, -1, -1);
    Shapes.require(values, "attention values", -1, -1, -1, -1);
  }

  /** These, followed by further positions. */
  public KeysValues append(GraphContext ctx, KeysValues next) {
    Ops tf = ctx.tf();
    return new KeysValues(
        tf.concat(List.of(keys, next.keys), tf.constant(3)),
        tf.concat(List.of(values, next.values), tf.constant(2)));
  }

  /** The rows of these that each new row continues, {@code rows [R]}. */
  public KeysValues gather(GraphContext ctx, Operand<TInt32> rows) {
    Ops tf = ctx.tf();
    return new KeysValues(
        tf.gather(keys, rows, tf.constant(0)), tf.gather(values, rows, tf.constant(0)));
  }

  /** These inside a function body. */
  public KeysValues capture(GraphContext ctx) {
    return new KeysValues(ctx.capture(keys), ctx.capture(values));
  }
}
