package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.generate.AnswerRanking;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.AttendedStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Adds the signatures that answer questions about images (blip-spec 7.4): {@code vqa} writes an
 * answer, {@code vqa_rank} orders given ones.
 *
 * <p>The decoder attends a question without its padding, so that a row's answer does not depend on
 * the questions beside it.
 */
final class VqaSignatures {
  /** Score of a place without an answer; infinity is no JSON. */
  private static final float LOWEST = -1e9f;

  private final ServingParts parts;
  private final ServedImages images;
  private final Operand<TString> questions;
  private final AttendedStates states; // [B, T, W]

  VqaSignatures(GraphContext ctx, ServingParts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.questions = placeholder(ctx, ServingSignature.QUESTION, TString.class, Shape.of(-1));
    this.states = states(ctx.in("questions"));
  }

  private AttendedStates states(GraphContext ctx) {
    Blip.Answering answering = parts.blip().answering();
    Distinct distinct = Distinct.of(ctx, questions);
    ServingTexts texts = parts.texts();
    Tokens read =
        switch (parts.settings().matchToken()) {
          case ENC -> {
            Operand<TString> cleaned = texts.cleanedQuestions(ctx, distinct.values());
            yield texts.read(ctx, cleaned, TokenLayout.First.ENCODE, TokenLayout.Padding.LONGEST);
          }
          case CLS ->
              texts.read(
                  ctx, distinct.values(), TokenLayout.First.CLASSIFY, TokenLayout.Padding.LONGEST);
        };
    Tokens tokens = read.gather(ctx, distinct.rows());
    Attended attended = answering.questions().stack().project(ctx, images.states().attended());
    return answering.questions().apply(ctx, tokens, attended.gather(ctx, images.rows())).attended();
  }

  BoundSignature answer(GraphContext outer) {
    GraphContext ctx = outer.in("vqa");
    Ops tf = ctx.tf();
    Decoded decoded =
        AnswerGenerator.of(parts.blip(), parts.settings().expectedBatch())
            .search(ctx, states, parts.settings().search());
    Operand<TBool> readable = images.readable(ctx); // [B]
    Operand<TString> text = parts.texts().captions(ctx, decoded.ids(), tf.constant(1));
    Operand<TInt64> padding = tf.constant((long) parts.model().vocabulary().pad());
    return new BoundSignature(
        ServingSignature.VQA,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.QUESTION, questions),
        ImmutableMap.of(
            ServingSignature.ANSWER, ctx.onCpu().tf().select(readable, text, tf.array("")),
            ServingSignature.LOG_PROB,
                ctx.select(readable, ctx.maximum(decoded.logProbs(), LOWEST), 0),
            ServingSignature.TOKEN_IDS,
                tf.select(ctx.expandDims(readable, 1), decoded.ids(), padding),
            ServingSignature.STATUS, images.status()));
  }

  BoundSignature rank(GraphContext outer) {
    GraphContext ctx = outer.in("vqa_rank");
    Ops tf = ctx.tf();
    Operand<TString> answers =
        placeholder(ctx, ServingSignature.ANSWERS, TString.class, Shape.of(-1, -1));
    Operand<TInt64> topK = placeholder(ctx, ServingSignature.TOP_K, TInt64.class, Shape.of(-1));
    Operand<TInt32> most = tf.dtypes.cast(topK, TInt32.class); // [B]
    AnswerRanking.Result ranked =
        AnswerRanking.of(parts.blip(), ObjectiveConfig.published().labelSmoothing())
            .rank(ctx, states, candidates(ctx, answers), largest(ctx, most));
    Operand<TBool> kept = kept(ctx, ranked, most); // [B, K]
    Operand<TFloat32> scores = ctx.select(kept, ranked.scores(), LOWEST);
    Operand<TInt32> order =
        tf.nn.topK(scores, Shapes.dim(ctx, scores, 1), TInt32.class).indices(); // [B, K]
    Ops text = ctx.onCpu().tf();
    Operand<TString> texts =
        text.select(
            kept,
            text.gather(answers, ranked.kept(), tf.constant(1), Gather.batchDims(1L)),
            text.array(""));
    Operand<TString> best = text.gather(texts, order, tf.constant(1), Gather.batchDims(1L));
    Operand<TFloat32> logProbs = ctx.gatherInRows(ctx.select(kept, ranked.logProbs(), 0), order);
    return new BoundSignature(
        ServingSignature.VQA_RANK,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(),
            ServingSignature.QUESTION, questions,
            ServingSignature.ANSWERS, answers,
            ServingSignature.TOP_K, topK),
        ImmutableMap.of(
            ServingSignature.ANSWER, text.gather(best, tf.constant(0), tf.constant(1)),
            ServingSignature.LOG_PROB, ctx.at(logProbs, 0, 1),
            ServingSignature.ANSWERS, best,
            ServingSignature.LOG_PROBS, logProbs,
            ServingSignature.SCORES, ctx.gatherInRows(scores, order),
            ServingSignature.STATUS, images.status()));
  }

  /** At least 1, also for a call without rows. */
  private static Operand<TInt32> largest(GraphContext ctx, Operand<TInt32> most) {
    return ctx.maximum(ctx.max(most, 0), 1);
  }

  private AnswerRanking.Candidates candidates(GraphContext ctx, Operand<TString> answers) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Distinct distinct = Distinct.of(ctx, inner.flat(answers));
    Operand<TInt32> rows = tf.reshape(distinct.rows(), tf.shape(answers)); // [B, N]
    return new AnswerRanking.Candidates(
        parts.texts().ranked(ctx, distinct.values()),
        inner.select(tf.math.equal(answers, tf.array("")), -1, rows));
  }

  /** Which places hold an answer: that of a readable image, within the row's own number. */
  private Operand<TBool> kept(GraphContext ctx, AnswerRanking.Result ranked, Operand<TInt32> most) {
    Ops tf = ctx.tf();
    Operand<TInt32> places = ctx.range(Shapes.dim(ctx, ranked.kept(), 1)); // [K]
    Operand<TBool> wanted = tf.math.less(places, ctx.expandDims(most, 1));
    Operand<TBool> there = ctx.greaterEqual(ranked.keptProbabilities(), 0); // [B, K]
    Operand<TBool> readable = ctx.expandDims(images.readable(ctx), 1); // [B, 1]
    return tf.math.logicalAnd(readable, tf.math.logicalAnd(wanted, there));
  }

  private static <T extends TType> Operand<T> placeholder(
      GraphContext ctx, String name, Class<T> type, Shape shape) {
    return ctx.tf().withName(name).placeholder(type, Placeholder.shape(shape));
  }
}
