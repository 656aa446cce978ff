package org.blip4j.graph.text;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
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
    Ops tf = ctx.in("first_token").tf();
    Operand<TInt64> rest =
        tf.slice(ids, tf.constant(new int[] {0, 1}), tf.constant(new int[] {-1, -1}));
    Operand<TInt64> first =
        tf.fill(tf.stack(List.of(Shapes.dim(ctx, ids, 0), tf.constant(1))), tf.constant(token));
    return new Tokens(tf.concat(List.of(first, rest), tf.constant(1)), mask);
  }

  /** Some of the rows, in the order of the given numbers. */
  public Tokens gather(GraphContext ctx, Operand<? extends TNumber> rows) {
    Ops tf = ctx.tf();
    return new Tokens(tf.gather(ids, rows, tf.constant(0)), tf.gather(mask, rows, tf.constant(0)));
  }

  /** These rows followed by others. */
  public Tokens concat(GraphContext ctx, Tokens others) {
    Ops tf = ctx.tf();
    return new Tokens(
        tf.concat(List.of(ids, others.ids), tf.constant(0)),
        tf.concat(List.of(mask, others.mask), tf.constant(0)));
  }
}
