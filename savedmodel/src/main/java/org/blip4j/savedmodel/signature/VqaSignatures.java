package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.generate.AnswerRanking;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
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
  private final ServingGraph.Parts parts;
  private final ServedImages images;
  private final ServedTexts questions;
  private final Attended.States states; // [B, T, W]
  private final Operand<TString> status; // [B], of image and question

  VqaSignatures(GraphContext ctx, ServingGraph.Parts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.questions =
        ServedTexts.create(
                ctx,
                parts.texts(),
                ServingSignature.QUESTION,
                parts.model().config().textSettings().matchTokens(),
                (inner, texts) -> read(inner, parts, texts))
            .asManyAs(ctx, ServingSignature.QUESTION, images.rows(), ServingSignature.IMAGE_BYTES);
    GraphContext inner = ctx.in("questions");
    this.status = ServingSignature.RowStatus.of(inner, images.status(), questions.status());
    Tokens tokens = questions.perRow(inner);
    Tokens first =
        switch (parts.settings().matchToken()) {
          case ENC -> tokens.withFirst(inner, parts.model().vocabulary().encode());
          case CLS -> tokens;
        };
    this.states = states(inner, parts, first, images.states(), images.rows());
  }

  /** Questions as the model reads them. */
  static ServingTexts.Read read(
      GraphContext ctx, ServingGraph.Parts parts, Operand<TString> texts) {
    TokenLayout.Padding padding = TokenLayout.Padding.LONGEST;
    ServingTexts reader = parts.texts();
    return switch (parts.settings().matchToken()) {
      case ENC ->
          reader.read(
              ctx,
              texts,
              "question",
              ServingTexts.Cleaning.QUESTION,
              reader.layout(TokenLayout.First.ENCODE, padding));
      case CLS ->
          reader.read(
              ctx,
              texts,
              "question",
              ServingTexts.Cleaning.NONE,
              reader.layout(TokenLayout.First.CLASSIFY, padding));
    };
  }

  /** States {@code [N, T, W]} of questions, each read with the image in its row {@code [N]}. */
  static Attended.States states(
      GraphContext ctx,
      ServingGraph.Parts parts,
      Tokens tokens,
      ImageStates images,
      Operand<TInt32> rows) {
    Blip.Answering answering = parts.blip().answering();
    Attended attended = answering.questions().stack().project(ctx, images.attended());
    return answering.questions().apply(ctx, tokens, attended.gather(ctx, rows)).attended();
  }

  Signatures.Bound answer(GraphContext outer) {
    GraphContext ctx = outer.in("vqa");
    Ops tf = ctx.tf();
    Decoded decoded =
        AnswerGenerator.of(parts.blip(), parts.settings().expectedBatch())
            .search(ctx, states, parts.settings().search());
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    Operand<TString> text = parts.texts().captions(ctx, decoded.ids(), tf.constant(1)); // [B]
    Operand<TInt64> padding = tf.constant((long) parts.model().vocabulary().pad());
    Operand<TFloat32> finite = // infinity is no JSON
        ctx.maximum(decoded.logProbs(), RankedLines.LOWEST); // [B]
    return new Signatures.Bound(
        ServingSignature.VQA,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(),
            ServingSignature.QUESTION, questions.texts()),
        ImmutableMap.of(
            ServingSignature.PIXELS, Signatures.Given.of(images.pixels()),
            ServingSignature.TOKEN_IDS, questions.ids()),
        ImmutableMap.of(
            ServingSignature.ANSWER, ctx.onCpu().tf().select(ok, text, tf.array("")),
            ServingSignature.LOG_PROB, ctx.select(ok, finite, 0),
            ServingSignature.TOKEN_IDS, tf.select(ctx.expandDims(ok, 1), decoded.ids(), padding),
            ServingSignature.STATUS, status));
  }

  Signatures.Bound rank(GraphContext outer) {
    GraphContext ctx = outer.in("vqa_rank");
    Ops tf = ctx.tf();
    Operand<TString> lists = ServedInputs.texts(ctx, ServingSignature.ANSWERS);
    Operand<TInt64> most = ServedInputs.numbers(ctx, ServingSignature.TOP_K, TInt64.class);
    Operand<TInt64> topK = asManyAsImages(ctx, most, ServingSignature.TOP_K);
    Operand<TString> answers =
        RankedLines.split(
            ctx.in("answers"),
            asManyAsImages(
                ctx,
                ServedInputs.vector(ctx, lists, ServingSignature.ANSWERS),
                ServingSignature.ANSWERS)); // [B, N]
    ServedInputs.Distinct distinct = ServedInputs.Distinct.of(ctx, ctx.onCpu().flat(answers));
    ServingTexts.Read read = parts.texts().ranked(ctx, distinct.values());
    Operand<TBool> none = ctx.onCpu().tf().math.equal(answers, tf.array("")); // [B, N]
    Operand<TInt32> rows =
        ctx.select(none, -1, tf.reshape(distinct.rows(), tf.shape(answers))); // [B, N]
    Operand<TString> whole =
        ServingSignature.RowStatus.of(ctx, status, listStatus(ctx, none, topK)); // [B]
    Operand<TString> all =
        ServingSignature.RowStatus.of(
            ctx, whole, RankedLines.worst(ctx, distinct.perRow(ctx, read.status()), none)); // [B]
    Operand<TInt32> kept = bounded(ctx, topK); // [B]
    AnswerRanking.Result ranked =
        AnswerRanking.of(parts.blip(), parts.model().config().labelSmoothing())
            .rank(
                ctx,
                states,
                new AnswerRanking.Candidates(read.tokens(), rows),
                ctx.maximum(ctx.max(kept, 0), 1));
    RankedLines lines =
        RankedLines.of(
            ctx,
            ctx.onCpu().gatherInRows(answers, ranked.kept()), // [B, K]
            ranked.scores(),
            ranked.logProbs(),
            kept(ctx, ranked, kept, ServingSignature.RowStatus.ok(ctx, all)));
    return new Signatures.Bound(
        ServingSignature.VQA_RANK,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES,
            images.bytes(),
            ServingSignature.QUESTION,
            questions.texts(),
            ServingSignature.ANSWERS,
            lists,
            ServingSignature.TOP_K,
            most),
        ImmutableMap.of(
            ServingSignature.PIXELS,
            Signatures.Given.of(images.pixels()),
            ServingSignature.TOKEN_IDS,
            questions.ids(),
            ServingSignature.ANSWERS,
            Signatures.Given.of(lists),
            ServingSignature.TOP_K,
            Signatures.Given.of(most)),
        ImmutableMap.of(
            ServingSignature.ANSWER, lines.best(),
            ServingSignature.LOG_PROB, lines.bestLogProb(),
            ServingSignature.RANKING, lines.ranking(),
            ServingSignature.SCORES, lines.scores(),
            ServingSignature.STATUS, all));
  }

  /** What is wrong with a row's list or number, {@code [B]}. */
  private static Operand<TString> listStatus(
      GraphContext ctx, Operand<TBool> none, Operand<TInt64> topK) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> tooFew =
        ServingSignature.RowStatus.where(
            ctx,
            inner.less(topK, 1),
            tf.strings.join(
                List.of(
                    tf.constant("top_k "),
                    tf.dtypes.asString(topK),
                    tf.constant(" is less than 1; 128 is usual"))));
    return ServingSignature.RowStatus.of(ctx, RankedLines.empty(ctx, none), tooFew);
  }

  /** Numbers that are none stand for 0 and large ones for a very large one. */
  private static Operand<TInt32> bounded(GraphContext ctx, Operand<TInt64> topK) {
    Ops tf = ctx.tf(); // [B]
    return tf.dtypes.cast(ctx.clip(topK, 0, Integer.MAX_VALUE), TInt32.class);
  }

  /** Which places hold an answer of a row without failure, within the row's own number. */
  private static Operand<TBool> kept(
      GraphContext ctx, AnswerRanking.Result ranked, Operand<TInt32> most, Operand<TBool> ok) {
    Ops tf = ctx.tf();
    Operand<TInt32> places = ctx.range(Shapes.dim(ctx, ranked.kept(), 1)); // [K]
    Operand<TBool> wanted = tf.math.less(places, ctx.expandDims(most, 1)); // [B, K]
    Operand<TBool> there = ctx.greaterEqual(ranked.keptProbabilities(), 0); // [B, K]
    return tf.math.logicalAnd(ctx.expandDims(ok, 1), tf.math.logicalAnd(wanted, there)); // [B, K]
  }

  private <T extends TType> Operand<T> asManyAsImages(
      GraphContext ctx, Operand<T> input, String name) {
    return ServedInputs.perRow(ctx, input, name, images.rows(), ServingSignature.IMAGE_BYTES);
  }
}
