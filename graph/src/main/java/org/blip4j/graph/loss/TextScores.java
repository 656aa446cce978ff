package org.blip4j.graph.loss;

import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
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
   * @param attended one row for each text
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
    Operand<TFloat32> states = decoder.states(ctx, tokens, attended).hidden(); // [M, T, W]
    Operand<TInt64> places =
        tf.where(tf.math.greater(afterFirst(tf, tokens.mask()), tf.constant(0L))); // [P, 2]
    Operand<TInt64> targets = tf.gatherNd(afterFirst(tf, tokens.ids()), places); // [P]
    Operand<TInt64> owners = tf.gather(places, tf.constant(0), tf.constant(1)); // [P]
    Operand<TFloat32> rows =
        tf.reshape(
            tf.gatherNd(states, places),
            tf.constant(new int[] {-1, decoder.stack().config().width()})); // [P, W]
    Operand<TFloat32> logProbs =
        tf.nn.logSoftmax(decoder.head().apply(ctx.in("head"), rows)); // [P, V]
    Operand<TFloat32> own =
        tf.reshape(
            tf.gather(
                logProbs,
                tf.expandDims(targets, tf.constant(1)),
                tf.constant(1),
                Gather.batchDims(1L)),
            tf.constant(new int[] {-1})); // [P]
    Operand<TFloat32> smoothed =
        tf.math.add(
            tf.math.mul(own, tf.constant((float) (1 - labelSmoothing))),
            tf.math.mul(
                tf.math.mean(logProbs, tf.constant(1)), tf.constant((float) labelSmoothing)));
    return new TextScores(
        tf.math.unsortedSegmentSum(own, owners, texts),
        tf.math.unsortedSegmentSum(smoothed, owners, texts));
  }

  private static Operand<TInt64> afterFirst(Ops tf, Operand<TInt64> columns) {
    return tf.slice(columns, tf.constant(new int[] {0, 1}), tf.constant(new int[] {-1, -1}));
  }
}
