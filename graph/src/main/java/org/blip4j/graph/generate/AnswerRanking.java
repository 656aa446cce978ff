package org.blip4j.graph.generate;

import java.util.Optional;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.attention.Rows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Ranks given answers to questions (blip-spec 7.4, "rank"): those with the likeliest first tokens
 * are kept, and of these whole texts are scored.
 *
 * <p>N = candidates of a question, U = distinct candidates of a batch, K = kept candidates.
 */
public final class AnswerRanking {
  private final ImageGroundedDecoder decoder;
  private final double labelSmoothing;

  private AnswerRanking(ImageGroundedDecoder decoder, double labelSmoothing) {
    this.decoder = decoder;
    this.labelSmoothing = labelSmoothing;
  }

  /**
   * A ranking.
   *
   * @param labelSmoothing of training; upstream's scores have it, too
   * @throws IllegalStateException if the model cannot answer questions
   */
  public static AnswerRanking of(Blip blip, double labelSmoothing) {
    return new AnswerRanking(blip.answering().answers(), labelSmoothing);
  }

  /**
   * What is ranked.
   *
   * @param tokens {@code [U, T]}, any first token
   * @param rows which of them are the candidates of each question, {@code [B, N]}; -1 is none
   */
  public record Candidates(Tokens tokens, Operand<TInt32> rows) {
    /** Checks the rank. */
    public Candidates {
      Shapes.require(rows, "candidates", -1, -1);
    }
  }

  /**
   * What a ranking gives; kept candidates are in the order of their first tokens' probabilities, of
   * equal ones the earlier in the list first.
   *
   * @param firstLogits of the first token of an answer, {@code [B, V]}
   * @param probabilities of the first token of each candidate, {@code [B, N]}; -1 where is none
   * @param kept places in the list of the candidates that were kept, {@code [B, K]}
   * @param keptProbabilities {@code [B, K]}
   * @param scores minus the label-smoothed loss of the whole answer, {@code [B, K]}; the highest is
   *     the answer
   * @param logProbs of the whole answer, {@code [B, K]}
   */
  public record Result(
      Operand<TFloat32> firstLogits,
      Operand<TFloat32> probabilities,
      Operand<TInt32> kept,
      Operand<TFloat32> keptProbabilities,
      Operand<TFloat32> scores,
      Operand<TFloat32> logProbs) {}

  /**
   * Ranks.
   *
   * @param questions states {@code [B, S, W]} with their mask
   * @param most candidates kept of each question, a scalar; fewer if there are not so many
   */
  public Result rank(
      GraphContext outer, Attended.States questions, Candidates candidates, Operand<TInt32> most) {
    GraphContext ctx = outer.in("rank");
    Ops tf = ctx.tf();
    long start = decoder.stack().config().tokens().dec();
    Tokens tokens = candidates.tokens().withFirst(ctx, start);
    Attended attended = decoder.stack().project(ctx, questions);
    Operand<TFloat32> logits = first(ctx, start, attended, Shapes.dim(ctx, questions.hidden(), 0));
    Operand<TFloat32> probabilities =
        probabilities(ctx, logits, tokens, candidates.rows()); // [B, N]
    Operand<TInt32> number =
        tf.math.minimum(most, Shapes.dim(ctx, candidates.rows(), 1)); // a scalar
    TopK<TFloat32, TInt32> kept = tf.nn.topK(probabilities, number, TInt32.class); // [B, K]
    Operand<TInt32> texts = ctx.flat(ctx.gatherInRows(candidates.rows(), kept.indices())); // [B*K]
    TextScores whole =
        TextScores.of(
            ctx,
            decoder,
            trimmed(ctx, tokens.gather(ctx, ctx.maximum(texts, 0))),
            attended,
            labelSmoothing); // [B*K]
    Operand<TInt32> shape = tf.shape(kept.indices());
    return new Result(
        logits,
        probabilities,
        kept.indices(),
        kept.values(),
        tf.reshape(whole.scores(), shape),
        tf.reshape(whole.logProbs(), shape));
  }

  private Operand<TFloat32> first(
      GraphContext ctx, long start, Attended attended, Operand<TInt32> questions) {
    Ops tf = ctx.tf();
    Operand<TInt64> ids =
        ctx.fill(Shapes.of(ctx, Shapes.value(questions), Shapes.size(1)), start); // [B, 1]
    ImageGroundedDecoder.Step step =
        decoder.step(
            ctx.in("first"), ctx.reshape(ids, -1, 1), tf.constant(0), Optional.empty(), attended);
    return decoder.head().apply(ctx.in("first_head"), step.state());
  }

  private static Operand<TFloat32> probabilities(
      GraphContext ctx, Operand<TFloat32> logits, Tokens tokens, Operand<TInt32> rows) {
    Ops tf = ctx.tf();
    Operand<TInt64> second = ctx.at(tokens.ids(), 1, 1); // [U]
    Operand<TInt64> candidates = ctx.gather(second, ctx.maximum(rows, 0), 0); // [B, N]
    Operand<TFloat32> found = ctx.gatherInRows(tf.nn.softmax(logits), candidates); // [B, N]
    return ctx.select(ctx.less(rows, 0), -1, found);
  }

  /** Without the columns that only longer candidates need. */
  private static Tokens trimmed(GraphContext ctx, Tokens tokens) {
    Ops tf = ctx.tf();
    Operand<TInt64> lengths = ctx.sum(tokens.mask(), 1); // [B*K]
    Operand<TInt32> longest = tf.dtypes.cast(ctx.maximum(ctx.max(lengths, 0), 2), TInt32.class);
    return new Tokens(
        ctx.slice(tokens.ids(), 1, 0, longest), ctx.slice(tokens.mask(), 1, 0, longest));
  }

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
      Rows.Packed layout = Rows.Packed.of(ctx, predicting.mask());
      Operand<TFloat32> rows = decoder.packedStates(ctx, predicting, layout, attended); // [P, W]
      Operand<TInt64> next = ctx.flat(afterFirst(ctx, tokens.ids())); // [M*(T-1)]
      Operand<TInt64> targets = ctx.gather(next, layout.rows(), 0); // [P]
      Operand<TInt32> owners = tf.math.floorDiv(layout.rows(), columns); // [P]
      Operand<TFloat32> logProbs =
          tf.nn.logSoftmax(decoder.head().apply(ctx.in("head"), rows)); // [P, V]
      Operand<TFloat32> own =
          ctx.flat(ctx.gatherInRows(logProbs, ctx.expandDims(targets, 1))); // [P]
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
}
