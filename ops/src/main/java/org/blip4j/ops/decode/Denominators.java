package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * What a sum of log-probabilities is divided by (blip-spec 8.2 and 8.3).
 *
 * @param normalization which ids count
 * @param prompt the prompts, whose lengths count or not
 */
record Denominators(LengthNormalization normalization, Prompt prompt) {

  /** For a text of so many ids, an end token to follow: a scalar or {@code [B, 1]}. */
  Operand<TFloat32> finished(GraphContext ctx, Operand<TInt32> length) {
    Ops tf = ctx.tf();
    return switch (normalization) {
      case WHOLE -> tf.dtypes.cast(length, TFloat32.class);
      case GENERATED ->
          tf.dtypes.cast(tf.math.sub(ctx.add(length, 1), promptLength(ctx)), TFloat32.class);
    };
  }

  /** For a text of so many ids that was not ended. */
  Operand<TFloat32> open(GraphContext ctx, Operand<TInt32> length) {
    Ops tf = ctx.tf();
    return switch (normalization) {
      case WHOLE -> tf.dtypes.cast(length, TFloat32.class);
      case GENERATED -> tf.dtypes.cast(tf.math.sub(length, promptLength(ctx)), TFloat32.class);
    };
  }

  /** The scores {@code [B]} of texts that were found without beams. */
  Operand<TFloat32> divide(GraphContext ctx, Decoded found, EndTokens ends) {
    Ops tf = ctx.tf();
    Operand<TInt32> lengths = ctx.expandDims(found.lengths(), 1); // [B, 1]
    Operand<TInt32> last = ctx.sub(lengths, 1);
    Operand<TBool> ended = ctx.equal(ctx.gatherInRows(found.ids(), last), ends.end()); // [B, 1]
    Operand<TFloat32> divisors = tf.select(ended, finished(ctx, last), open(ctx, lengths));
    return tf.math.div(found.logProbs(), ctx.flat(divisors));
  }

  private Operand<TInt32> promptLength(GraphContext ctx) {
    if (prompt.lengths().isEmpty()) {
      return Shapes.dim(ctx, ctx.capture(prompt.ids()), 1);
    }
    return ctx.expandDims(ctx.capture(prompt.lengths().get()), 1);
  }
}
