package org.blip4j.ops.attention;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
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
    return new KeysValues(ctx.concat(3, keys, next.keys), ctx.concat(2, values, next.values));
  }

  /** The rows of these that each new row continues, {@code rows [R]}. */
  public KeysValues gather(GraphContext ctx, Operand<TInt32> rows) {
    return new KeysValues(ctx.gather(keys, rows, 0), ctx.gather(values, rows, 0));
  }

  /** These inside a function body. */
  public KeysValues capture(GraphContext ctx) {
    return new KeysValues(ctx.capture(keys), ctx.capture(values));
  }
}
