package org.blip4j.graph.loss;

import java.util.Optional;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.loss.CrossEntropy;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Language modelling: logits at position t predict the token at t + 1, with label smoothing;
 * padding and the prompt do not count (blip-spec 3.7).
 *
 * <p>Traced under {@code lm}: {@code loss}, {@code token_loss}, {@code sequence_loss}, {@code
 * logits}, {@code targets}.
 */
public final class LmLoss {
  private LmLoss() {}

  /**
   * The loss and what it was made of.
   *
   * @param loss the mean over all counting positions of the batch, a scalar
   * @param tokenLoss {@code [B, T-1]}, 0 where the target does not count
   * @param sequenceLoss the sum over each text, {@code [B]}
   * @param logits {@code [B, T, V]}
   * @param targets {@code [B, T]}, not shifted; {@link CrossEntropy#IGNORE} where it does not count
   */
  public record Result(
      Operand<TFloat32> loss,
      Operand<TFloat32> tokenLoss,
      Operand<TFloat32> sequenceLoss,
      Operand<TFloat32> logits,
      Operand<TInt64> targets) {}

  /**
   * Settings of the loss.
   *
   * @param promptLength number of first tokens that are given, [DEC] included; 0 without a prompt
   * @param labelSmoothing share of the uniform distribution in the targets
   */
  public record Settings(int promptLength, double labelSmoothing) {}

  /** Computes the loss of a whole batch. */
  public static Result compute(
      GraphContext ctx,
      ImageGroundedDecoder decoder,
      Tokens tokens,
      Attended images,
      Settings settings) {
    return compute(ctx, decoder, tokens, images, settings, Optional.empty());
  }

  /**
   * Computes the loss.
   *
   * @param tokens {@code [B, T]}, beginning with [DEC]
   * @param images projected images {@code [B, ...]}
   * @param divisor of the sum over all counting positions, a scalar; empty for their number
   */
  public static Result compute(
      GraphContext outer,
      ImageGroundedDecoder decoder,
      Tokens tokens,
      Attended images,
      Settings settings,
      Optional<Operand<TFloat32>> divisor) {
    GraphContext ctx = outer.in("lm");
    Ops tf = ctx.tf();
    Operand<TFloat32> logits = decoder.logits(ctx, tokens, images); // [B, T, V]
    Operand<TInt64> targets = targets(ctx, tokens, settings.promptLength()); // [B, T]
    int vocabulary = decoder.stack().config().vocabularySize();
    Operand<TFloat32> predicted = ctx.slice(logits, 1, 0, lengthMinusOne(ctx, tokens));
    Operand<TInt64> shifted = ctx.slice(targets, 1, 1, -1);
    Operand<TInt64> rowTargets = ctx.flat(shifted);
    Operand<TFloat32> rows =
        CrossEntropy.hard(
            ctx,
            ctx.reshape(predicted, -1, vocabulary),
            rowTargets,
            settings.labelSmoothing()); // [B*(T-1)]
    Operand<TFloat32> tokenLoss = tf.reshape(rows, tf.shape(shifted));
    Operand<TFloat32> loss =
        divisor.isEmpty()
            ? CrossEntropy.meanOverCounting(ctx, rows, rowTargets)
            : tf.math.div(ctx.sum(rows, 0), divisor.get());
    return new Result(
        ctx.trace("loss", loss),
        ctx.trace("token_loss", tokenLoss), // [B, T-1]
        ctx.trace("sequence_loss", ctx.sum(tokenLoss, 1)), // [B]
        ctx.trace("logits", logits),
        ctx.trace("targets", targets));
  }

  /**
   * What the sum of a part of a batch is divided by, so that the mean of the parts' losses is the
   * loss of the batch: its share of the positions that count in the whole batch.
   *
   * @param mask of the whole batch, {@code [B, T]}
   * @param part the rows whose loss it is
   * @param promptLength number of first tokens that do not count
   */
  public static Operand<TFloat32> divisor(
      GraphContext outer, Operand<TInt64> mask, BatchPart part, int promptLength) {
    GraphContext ctx = outer.in("lm_divisor");
    Ops tf = ctx.tf();
    Operand<TInt64> counting = ctx.slice(mask, 1, Math.max(1, promptLength), -1);
    Operand<TFloat32> number = ctx.sum(ctx.sum(tf.dtypes.cast(counting, TFloat32.class), 1), 0);
    Operand<TFloat32> share =
        tf.math.div(
            tf.dtypes.cast(part.rows(), TFloat32.class), tf.dtypes.cast(part.of(), TFloat32.class));
    return tf.math.mul(ctx.maximum(number, 1), share);
  }

  private static Operand<TInt64> targets(GraphContext ctx, Tokens tokens, int promptLength) {
    Ops tf = ctx.tf();
    Operand<TInt64> ignored = ctx.fill(tf.shape(tokens.ids()), CrossEntropy.IGNORE);
    Operand<TBool> counts = ctx.greater(tokens.mask(), 0);
    if (promptLength > 0) {
      Operand<TInt32> positions = ctx.range(Shapes.dim(ctx, tokens.ids(), 1));
      counts = tf.math.logicalAnd(counts, ctx.greaterEqual(positions, promptLength));
    }
    return tf.select(counts, tokens.ids(), ignored);
  }

  private static Operand<TInt32> lengthMinusOne(GraphContext ctx, Tokens tokens) {
    return ctx.sub(Shapes.dim(ctx, tokens.ids(), 1), 1);
  }
}
