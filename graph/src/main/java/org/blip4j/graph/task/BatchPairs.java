package org.blip4j.graph.task;

import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/** Matrices {@code [B, B]} over the pairs of one batch. */
final class BatchPairs {
  private BatchPairs() {}

  /** The first B columns of similarities {@code [B, B+Q]}, without gradient. */
  static Operand<TFloat32> ownColumns(
      GraphContext ctx, Operand<TFloat32> similarities, Tokens tokens) {
    Ops tf = ctx.tf();
    Operand<TInt32> batch = Shapes.dim(ctx, tokens.ids(), 0);
    return ctx.slice(tf.stopGradient(similarities), 1, 0, batch);
  }

  /** 1 where two rows have different texts. */
  static Operand<TFloat32> differentTexts(GraphContext ctx, Tokens tokens) {
    Ops tf = ctx.tf();
    Operand<TBool> equal =
        tf.math.equal(
            ctx.expandDims(tokens.ids(), 0), ctx.expandDims(tokens.ids(), 1)); // [B, B, T]
    return inverse(ctx, ctx.all(equal, 2));
  }

  /** 1 where two rows have different identities. */
  static Operand<TFloat32> differentIdentities(GraphContext ctx, Operand<TInt64> identities) {
    Ops tf = ctx.tf();
    return inverse(
        ctx, tf.math.equal(ctx.expandDims(identities, 0), ctx.expandDims(identities, 1)));
  }

  private static Operand<TFloat32> inverse(GraphContext ctx, Operand<TBool> equal) {
    return ctx.tf().dtypes.cast(ctx.tf().math.logicalNot(equal), TFloat32.class);
  }
}
