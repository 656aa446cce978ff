package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.tensorflow.Operand;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * By which length beam search divides the sum of log-probabilities (blip-spec 8.2 and 8.3). Lengths
 * of texts count start and prompt; they are a scalar or {@code [B, 1]}.
 */
public enum LengthNormalization {
  /**
   * All ids but the end token, start and prompt included: transformers 4.15, with which BLIP's
   * results were published.
   */
  WHOLE {
    @Override
    Operand<TInt32> open(GraphContext ctx, Operand<TInt32> length, Prompt prompt) {
      return length;
    }

    @Override
    Operand<TInt32> finished(GraphContext ctx, Operand<TInt32> length, Prompt prompt) {
      return length;
    }
  },
  /** Generated ids and the end token, without the prompt: transformers 4.46. */
  GENERATED {
    @Override
    Operand<TInt32> open(GraphContext ctx, Operand<TInt32> length, Prompt prompt) {
      return ctx.sub(length, promptLength(ctx, prompt));
    }

    @Override
    Operand<TInt32> finished(GraphContext ctx, Operand<TInt32> length, Prompt prompt) {
      return ctx.sub(ctx.add(length, 1), promptLength(ctx, prompt));
    }
  };

  /** What counts of a text of so many ids that was not ended. */
  abstract Operand<TInt32> open(GraphContext ctx, Operand<TInt32> length, Prompt prompt);

  /** What counts of a text of so many ids, an end token to follow. */
  abstract Operand<TInt32> finished(GraphContext ctx, Operand<TInt32> length, Prompt prompt);

  /** Sums of log-probabilities of texts that were not ended, over their lengths. */
  final Operand<TFloat32> scoreOpen(
      GraphContext ctx, Operand<TFloat32> sums, Operand<TInt32> length, Prompt prompt) {
    return ctx.div(sums, ctx.tf().dtypes.cast(open(ctx, length, prompt), TFloat32.class));
  }

  /** Sums of log-probabilities of texts that an end token follows, over their lengths. */
  final Operand<TFloat32> scoreFinished(
      GraphContext ctx, Operand<TFloat32> sums, Operand<TInt32> length, Prompt prompt) {
    return ctx.div(sums, ctx.tf().dtypes.cast(finished(ctx, length, prompt), TFloat32.class));
  }

  /** The scores {@code [B]} of texts that were found without beams. */
  final Operand<TFloat32> score(GraphContext ctx, Decoded found, Prompt prompt, EndTokens ends) {
    Operand<TInt32> lengths = ctx.expandDims(found.lengths(), 1); // [B, 1]
    Operand<TInt32> last = ctx.sub(lengths, 1);
    Operand<TBool> ended = ctx.equal(ctx.gatherInRows(found.ids(), last), ends.end()); // [B, 1]
    Operand<TInt32> counted =
        ctx.select(ended, finished(ctx, last, prompt), open(ctx, lengths, prompt));
    return ctx.div(
        found.logProbs(), ctx.flat(ctx.tf().dtypes.cast(counted, TFloat32.class))); // [B]
  }

  private static Operand<TInt32> promptLength(GraphContext ctx, Prompt prompt) {
    return prompt.lengths().isEmpty()
        ? Shapes.dim(ctx, ctx.capture(prompt.ids()), 1)
        : ctx.expandDims(ctx.capture(prompt.lengths().get()), 1); // [B, 1]
  }
}
