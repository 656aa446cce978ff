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
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.dtypes.AsString;
import org.tensorflow.op.strings.StringSplit;
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
  private final Operand<TString> questions;
  private final Attended.States states; // [B, T, W]
  private final Operand<TString> status; // [B], of image and question

  VqaSignatures(GraphContext ctx, ServingGraph.Parts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.questions = placeholder(ctx, ServingSignature.QUESTION, TString.class, Shape.of(-1));
    GraphContext inner = ctx.in("questions");
    ServedImages.Distinct distinct = ServedImages.Distinct.of(inner, questions);
    ServingTexts.Read read = read(inner, parts, distinct.values());
    this.status =
        ServingSignature.RowStatus.of(
            inner, images.status(), distinct.perRow(inner, read.status()));
    this.states =
        states(
            inner,
            parts,
            read.tokens().gather(inner, distinct.rows()),
            images.states(),
            images.rows());
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
            ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.QUESTION, questions),
        ImmutableMap.of(
            ServingSignature.ANSWER, ctx.onCpu().tf().select(ok, text, tf.array("")),
            ServingSignature.LOG_PROB, ctx.select(ok, finite, 0),
            ServingSignature.TOKEN_IDS, tf.select(ctx.expandDims(ok, 1), decoded.ids(), padding),
            ServingSignature.STATUS, status));
  }

  Signatures.Bound rank(GraphContext outer) {
    GraphContext ctx = outer.in("vqa_rank");
    Ops tf = ctx.tf();
    Operand<TString> lists =
        placeholder(ctx, ServingSignature.ANSWERS, TString.class, Shape.of(-1));
    Operand<TInt64> topK = placeholder(ctx, ServingSignature.TOP_K, TInt64.class, Shape.of(-1));
    Operand<TString> answers = RankedLines.split(ctx.in("answers"), lists); // [B, N]
    ServedImages.Distinct distinct = ServedImages.Distinct.of(ctx, ctx.onCpu().flat(answers));
    ServingTexts.Read read = parts.texts().ranked(ctx, distinct.values());
    Operand<TBool> none = ctx.onCpu().tf().math.equal(answers, tf.array("")); // [B, N]
    Operand<TInt32> rows =
        ctx.select(none, -1, tf.reshape(distinct.rows(), tf.shape(answers))); // [B, N]
    Operand<TString> whole =
        ServingSignature.RowStatus.of(ctx, status, listStatus(ctx, none, topK)); // [B]
    Operand<TString> all =
        ServingSignature.RowStatus.of(
            ctx, whole, worst(ctx, distinct.perRow(ctx, read.status()), none)); // [B]
    Operand<TInt32> most = bounded(ctx, topK); // [B]
    AnswerRanking.Result ranked =
        AnswerRanking.of(parts.blip(), parts.model().config().labelSmoothing())
            .rank(
                ctx,
                states,
                new AnswerRanking.Candidates(read.tokens(), rows),
                ctx.maximum(ctx.max(most, 0), 1));
    RankedLines lines =
        RankedLines.of(
            ctx, answers, ranked, kept(ctx, ranked, most, ServingSignature.RowStatus.ok(ctx, all)));
    return new Signatures.Bound(
        ServingSignature.VQA_RANK,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(),
            ServingSignature.QUESTION, questions,
            ServingSignature.ANSWERS, lists,
            ServingSignature.TOP_K, topK),
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
    Operand<TString> empty =
        ServingSignature.RowStatus.where(
            ctx,
            ctx.onCpu().all(none, 1),
            tf.constant("there are no answers to choose from; give one a line"));
    Operand<TString> tooFew =
        ServingSignature.RowStatus.where(
            ctx,
            inner.less(topK, 1),
            tf.strings.join(
                List.of(
                    tf.constant("top_k "),
                    tf.dtypes.asString(topK),
                    tf.constant(" is less than 1; 128 is usual"))));
    return ServingSignature.RowStatus.of(ctx, empty, tooFew);
  }

  /** Of the statuses of a row's answers one, a failure before a note, {@code [B]}. */
  private static Operand<TString> worst(
      GraphContext ctx, Operand<TString> statuses, Operand<TBool> none) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> table = tf.reshape(statuses, tf.shape(none)); // [B, N]
    Operand<TBool> failed = tf.math.logicalNot(ServingSignature.RowStatus.ok(ctx, table)); // [B, N]
    Operand<TInt32> weights =
        tf.math.add(
            tf.dtypes.cast(tf.math.notEqual(table, tf.array("")), TInt32.class),
            tf.dtypes.cast(failed, TInt32.class)); // [B, N]: 0, 1 or 2
    Operand<TInt64> place = ctx.onCpu().argMax(weights, 1); // [B]
    return inner.gatherInRows(table, place);
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

  private static <T extends TType> Operand<T> placeholder(
      GraphContext ctx, String name, Class<T> type, Shape shape) {
    return ctx.tf().withName(name).placeholder(type, Placeholder.shape(shape));
  }

  /**
   * Lists of answers as text, a line each, so that no dimension of an input or output depends on
   * the rows beside.
   *
   * @param best {@code [B]}, empty where a row has none
   * @param bestLogProb {@code [B]}
   * @param ranking {@code [B]}, lines of answer, tab, log-probability, the best first
   * @param scores {@code [B]}, what the lines are ordered by
   */
  record RankedLines(
      Operand<TString> best,
      Operand<TFloat32> bestLogProb,
      Operand<TString> ranking,
      Operand<TString> scores) {
    /** Score of a place without an answer; infinity is no JSON. */
    static final float LOWEST = -1e9f;

    /** The lines of lists {@code [B]}, {@code [B, N]}; blank and missing ones are empty. */
    static Operand<TString> split(GraphContext ctx, Operand<TString> lists) {
      GraphContext inner = ctx.onCpu();
      Ops tf = inner.tf();
      Operand<TString> ended = tf.strings.staticRegexReplace(lists, "\\r\\n?", "\n");
      Operand<TString> lines = tf.strings.staticRegexReplace(ended, "(?m)^\\s+$", "");
      StringSplit parts = tf.strings.stringSplit(lines, tf.constant("\n"));
      Operand<TInt64> shape =
          tf.math.maximum(parts.shape(), tf.constant(new long[] {0, 1})); // one column at least
      return tf.sparse.sparseToDense(parts.indices(), shape, parts.values(), tf.constant(""));
    }

    /**
     * What a ranking says.
     *
     * @param answers {@code [B, N]}
     * @param kept {@code [B, K]}, which places of the ranking hold an answer
     */
    static RankedLines of(
        GraphContext ctx,
        Operand<TString> answers,
        AnswerRanking.Result ranked,
        Operand<TBool> kept) {
      Operand<TFloat32> scores = ctx.select(kept, ranked.scores(), LOWEST); // [B, K]
      Operand<TInt32> order =
          ctx.tf().nn.topK(scores, Shapes.dim(ctx, scores, 1), TInt32.class).indices(); // [B, K]
      GraphContext text = ctx.onCpu();
      Ops tf = text.tf();
      Operand<TString> texts = text.gatherInRows(answers, ranked.kept()); // [B, K]
      Operand<TString> best =
          text.gatherInRows(text.select(kept, texts, tf.array("")), order); // [B, K]
      Operand<TFloat32> logProbs =
          ctx.gatherInRows(ctx.select(kept, ranked.logProbs(), 0), order); // [B, K]
      Operand<TFloat32> ordered = ctx.gatherInRows(scores, order); // [B, K]
      Operand<TBool> none = tf.math.equal(best, tf.array("")); // [B, K]
      Operand<TString> scored =
          tf.strings.join(List.of(best, tf.constant("\t"), number(text, logProbs))); // [B, K]
      return new RankedLines(
          text.at(best, 0, 1),
          ctx.at(logProbs, 0, 1),
          lines(text, none, scored),
          lines(text, none, number(text, ordered)));
    }

    /** Nine digits tell any float32 from its neighbours. */
    private static Operand<TString> number(GraphContext ctx, Operand<TFloat32> values) {
      Ops tf = ctx.tf();
      return tf.dtypes.asString(values, AsString.precision(9L), AsString.shortest(true));
    }

    private static Operand<TString> lines(
        GraphContext ctx, Operand<TBool> none, Operand<TString> texts) {
      Ops tf = ctx.tf();
      Operand<TString> each =
          tf.select(
              none, tf.array(""), tf.strings.join(List.of(tf.constant("\n"), texts))); // [B, K]
      Operand<TString> all = tf.strings.reduceJoin(each, tf.constant(1)); // [B]
      return tf.strings.staticRegexReplace(all, "\\A\\n", "");
    }
  }
}
