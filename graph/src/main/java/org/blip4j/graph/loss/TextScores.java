package org.blip4j.graph.loss;

import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.attention.PackedRows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * How likely whole texts are; padding is not computed, so it cannot count.
 *
 * <p>The score is minus the sum of the label-smoothed losses of {@link LmLoss}, which upstream
 * ranks answers by (blip-spec 7.4).
 *
 * @param logProbs sum of the log-probabilities of the tokens after the first, {@code [M]}
 * @param scores the same with label smoothing, {@code [M]}
 */
public record TextScores(Operand<TFloat32> logProbs, Operand<TFloat32> scores) {

  /** Checks the ranks. */
  public TextScores {
    Shapes.require(logProbs, "log-probabilities of texts", -1);
    Shapes.require(scores, "scores of texts", -1);
  }

  /**
   * Scores texts.
   *
   * @param tokens {@code [M, T]}, beginning with [DEC]
   * @param attended B projected sequences, M a multiple of B: the texts of each are adjacent and
   *     share its keys
   */
  public static TextScores of(
      GraphContext outer,
      ImageGroundedDecoder decoder,
      Tokens tokens,
      Attended attended,
      double labelSmoothing) {
    GraphContext ctx = outer.in("text_scores");
    Ops tf = ctx.tf();
    Operand<TInt32> texts = Shapes.dim(ctx, tokens.ids(), 0);
    Operand<TInt32> columns = ctx.sub(Shapes.dim(ctx, tokens.ids(), 1), 1); // T-1
    Operand<TInt64> read =
        ctx.slice(tokens.ids(), 1, 0, columns); // [M, T-1], the last one predicts nothing
    Tokens predicting = new Tokens(read, afterFirst(ctx, tokens.mask()));
    PackedRows layout = PackedRows.of(ctx, predicting.mask());
    Operand<TFloat32> rows = decoder.packedStates(ctx, predicting, layout, attended); // [P, W]
    Operand<TInt64> next = ctx.flat(afterFirst(ctx, tokens.ids())); // [M*(T-1)]
    Operand<TInt64> targets = ctx.gather(next, layout.rows(), 0); // [P]
    Operand<TInt32> owners = tf.math.floorDiv(layout.rows(), columns); // [P]
    Operand<TFloat32> logProbs =
        tf.nn.logSoftmax(decoder.head().apply(ctx.in("head"), rows)); // [P, V]
    Operand<TFloat32> own = ctx.flat(ctx.gatherInRows(logProbs, ctx.expandDims(targets, 1))); // [P]
    Operand<TFloat32> smoothed =
        tf.math.add(
            ctx.mul(own, 1 - labelSmoothing), ctx.mul(ctx.mean(logProbs, 1), labelSmoothing));
    return new TextScores(
        tf.math.unsortedSegmentSum(own, owners, texts),
        tf.math.unsortedSegmentSum(smoothed, owners, texts));
  }

  private static Operand<TInt64> afterFirst(GraphContext ctx, Operand<TInt64> columns) {
    return ctx.slice(columns, 1, 1, -1);
  }
}
