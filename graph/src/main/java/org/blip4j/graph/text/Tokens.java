package org.blip4j.graph.text;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * Padded token ids.
 *
 * @param ids {@code [B, T]}
 * @param mask {@code [B, T]}, 1 = a token, 0 = padding
 */
public record Tokens(Operand<TInt64> ids, Operand<TInt64> mask) {

  /** Checks the ranks. */
  public Tokens {
    Shapes.require(ids, "token ids", -1, -1);
    Shapes.require(mask, "token mask", -1, -1);
  }

  /** The same with another first token: [ENC] for matching, [DEC] for decoding. */
  public Tokens withFirst(GraphContext ctx, long token) {
    GraphContext inner = ctx.in("first_token");
    Operand<TInt64> rest = inner.slice(ids, 1, 1, -1);
    Operand<TInt64> first =
        inner.fill(Shapes.of(inner, Shapes.sizeOf(inner, ids, 0), Shapes.size(1)), token); // [B, 1]
    return new Tokens(inner.concat(1, first, rest), mask);
  }

  /** Some of the rows, in the order of the given numbers. */
  public Tokens gather(GraphContext ctx, Operand<? extends TNumber> rows) {
    return new Tokens(ctx.gather(ids, rows, 0), ctx.gather(mask, rows, 0));
  }

  /** These rows followed by others. */
  public Tokens concat(GraphContext ctx, Tokens others) {
    return new Tokens(ctx.concat(0, ids, others.ids), ctx.concat(0, mask, others.mask));
  }
}
