package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import org.blip4j.graph.model.DialogueJudge;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.text.CaptionCleaning;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Adds the signature that orders answers to the last question of a dialogue about an image
 * (VisDial, blip-spec 7.6).
 *
 * <p>Texts are joined as {@link org.blip4j.data.text.Dialogue} does for training: each earlier
 * round, the question and an answer, the oldest rounds left out, whole, where all would be too
 * long.
 */
final class DialogueSignature {
  private static final int CAPTION_TOKENS = 40;
  private static final int MOST_WORDS = 1000; // of a question or an answer

  private final ServingGraph.Parts parts;
  private final ServedImages images;
  private final int most;

  DialogueSignature(ServingGraph.Parts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.most =
        Math.min(
            parts.model().config().textSettings().matchTokens(),
            parts.blip().config().text().maxPositions());
  }

  Signatures.Bound bind(GraphContext outer) {
    GraphContext ctx = outer.in("dialogue_rank");
    Operand<TString> captions = ServedInputs.texts(ctx, ServingSignature.CAPTION_TEXT);
    Operand<TString> histories = ServedInputs.texts(ctx, ServingSignature.HISTORY);
    Operand<TString> questions = ServedInputs.texts(ctx, ServingSignature.QUESTION);
    Operand<TString> lists = ServedInputs.texts(ctx, ServingSignature.ANSWERS);
    GraphContext inner = ctx.in("texts");
    ServingTexts.Read caption =
        caption(inner, rows(inner, captions, ServingSignature.CAPTION_TEXT));
    Operand<TString> history = rows(inner, histories, ServingSignature.HISTORY);
    Operand<TString> question = rows(inner, questions, ServingSignature.QUESTION);
    Operand<TString> answers =
        RankedLines.split(inner, rows(inner, lists, ServingSignature.ANSWERS)); // [B, N]
    Operand<TBool> none = inner.onCpu().tf().math.equal(answers, inner.tf().array("")); // [B, N]
    Pairs pairs = Pairs.of(inner, answers, none);
    Earlier earlier = Earlier.of(inner, parts.texts(), history, question);
    Joined dialogues = joined(inner, earlier, pairs);
    Operand<TString> status = images.status();
    for (Operand<TString> problem :
        List.of(
            caption.status(),
            ServingTexts.notUtf8(inner, history, ServingSignature.HISTORY),
            ServingTexts.notUtf8(inner, question, ServingSignature.QUESTION),
            RankedLines.empty(inner, none),
            RankedLines.worst(
                inner, ServingTexts.notUtf8(inner, inner.onCpu().flat(answers), "answer"), none),
            ServingSignature.RowStatus.where(
                inner,
                earlier.malformed(),
                inner
                    .onCpu()
                    .tf()
                    .constant("a line of the history has no tab between question and answer")),
            ServingSignature.RowStatus.where(
                inner,
                inner
                    .onCpu()
                    .greater(
                        inner.onCpu().max(pairs.table(inner.onCpu(), dialogues.cut(), answers), 1),
                        0),
                inner
                    .onCpu()
                    .tf()
                    .constant(
                        "%squestion and answer have more than %d tokens, only these were read"
                            .formatted(ServingSignature.RowStatus.CUT, most - 2))))) {
      status = ServingSignature.RowStatus.of(inner, status, problem); // [B]
    }
    DialogueJudge judge = parts.blip().dialogues();
    Operand<TFloat32> logits =
        judge.judge(
            ctx,
            dialogues.tokens(),
            pairs.rows(),
            judge.context(ctx, images.perRow(ctx), caption.tokens())); // [M, 2]
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    Operand<TFloat32> gap = ctx.sub(ctx.at(logits, 1, 1), ctx.at(logits, 0, 1)); // [M]
    Operand<TFloat32> logProbs = ctx.at(ctx.tf().nn.logSoftmax(logits), 1, 1); // [M]
    RankedLines lines =
        RankedLines.of(
            ctx,
            answers,
            pairs.table(ctx, gap, answers),
            pairs.table(ctx, logProbs, answers),
            ctx.tf().math.logicalAnd(ctx.expandDims(ok, 1), ctx.tf().math.logicalNot(none)));
    ImmutableMap<String, Operand<?>> texts =
        ImmutableMap.of(
            ServingSignature.CAPTION_TEXT, captions,
            ServingSignature.HISTORY, histories,
            ServingSignature.QUESTION, questions,
            ServingSignature.ANSWERS, lists);
    ImmutableMap.Builder<String, Signatures.Given> tensors = ImmutableMap.builder();
    texts.forEach((name, text) -> tensors.put(name, Signatures.Given.of(text)));
    return new Signatures.Bound(
        ServingSignature.DIALOGUE_RANK,
        ImmutableMap.<String, Operand<?>>builder()
            .put(ServingSignature.IMAGE_BYTES, images.bytes())
            .putAll(texts)
            .build(),
        tensors.put(ServingSignature.PIXELS, Signatures.Given.of(images.pixels())).build(),
        ImmutableMap.of(
            ServingSignature.ANSWER, lines.best(),
            ServingSignature.LOG_PROB, lines.bestLogProb(),
            ServingSignature.RANKING, lines.ranking(),
            ServingSignature.SCORES, lines.scores(),
            ServingSignature.STATUS, status));
  }

  private Operand<TString> rows(GraphContext ctx, Operand<TString> input, String name) {
    return ServedInputs.perRow(
        ctx,
        ServedInputs.vector(ctx, input, name),
        name,
        images.rows(),
        ServingSignature.IMAGE_BYTES);
  }

  private ServingTexts.Read caption(GraphContext ctx, Operand<TString> texts) {
    TokenLayout layout =
        new TokenLayout(
            TokenLayout.First.CLASSIFY,
            Math.min(CAPTION_TOKENS, most),
            TokenLayout.Padding.LONGEST);
    return parts.texts().read(ctx, texts, "caption", ServingTexts.Cleaning.CAPTION, layout);
  }

  /** Lower case, without the characters that captions lose. */
  private static Operand<TString> answer(GraphContext ctx, Operand<TString> texts) {
    Operand<TString> clean = CaptionCleaning.question(ctx, texts, MOST_WORDS).texts();
    return ctx.onCpu().tf().strings.strip(clean);
  }

  /** The same with one question mark at its end. */
  private static Operand<TString> question(GraphContext ctx, Operand<TString> texts) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> open = tf.strings.staticRegexReplace(answer(ctx, texts), "[?\\s]+\\z", "");
    return tf.strings.join(List.of(open, tf.constant(" ? ")));
  }

  /**
   * The answers of all rows, one after the other; at least one if there is a row.
   *
   * @param texts {@code [M]}
   * @param cells {@code [M]}, their places in the flattened table
   * @param rows {@code [M]}
   */
  private record Pairs(Operand<TString> texts, Operand<TInt32> cells, Operand<TInt32> rows) {
    static Pairs of(GraphContext outer, Operand<TString> answers, Operand<TBool> none) {
      GraphContext ctx = outer.onCpu();
      Ops tf = ctx.tf();
      Operand<TString> flat = ctx.flat(answers); // [B * N]
      Operand<TBool> there =
          tf.math.logicalOr(
              tf.math.logicalNot(ctx.flat(none)), ctx.equal(ctx.range(tf.size(flat)), 0));
      Operand<TInt32> cells = tf.dtypes.cast(ctx.flat(tf.where(there)), TInt32.class); // [M]
      Operand<TInt32> width = Shapes.dim(ctx, answers, 1);
      return new Pairs(ctx.gather(flat, cells, 0), cells, tf.math.floorDiv(cells, width));
    }

    /** Values {@code [M]} at their places in {@code [B, N]}. */
    Operand<TFloat32> table(GraphContext ctx, Operand<TFloat32> values, Operand<TString> answers) {
      Ops tf = ctx.tf();
      Operand<TInt32> shape = tf.shape(answers);
      Operand<TInt32> size = ctx.reshape(tf.size(answers), 1);
      return tf.reshape(tf.scatterNd(ctx.expandDims(cells, 1), values, size), shape);
    }
  }

  /**
   * What comes before an answer.
   *
   * @param tokens of earlier rounds and the question, {@code [B, C]}, [CLS] before them
   * @param ends {@code [B, R]}, how many tokens the question has, the last round and the question,
   *     and so on
   * @param malformed whether a line of the history is no round, {@code [B]}; a round without an
   *     answer is left out
   */
  private record Earlier(Tokens tokens, Operand<TInt32> ends, Operand<TBool> malformed) {
    static Earlier of(
        GraphContext outer,
        ServingTexts reader,
        Operand<TString> history,
        Operand<TString> question) {
      GraphContext ctx = outer.onCpu();
      Ops tf = ctx.tf();
      Operand<TString> lines = RankedLines.split(ctx, history); // [B, R]
      Operand<TBool> answered =
          tf.strings.regexFullMatch(lines, tf.constant("[^\\t]*\\t.*\\S.*")); // [B, R]
      Operand<TString> round =
          tf.strings.join(
              List.of(
                  question(ctx, tf.strings.staticRegexReplace(lines, "\\t.*", "")),
                  answer(ctx, tf.strings.staticRegexReplace(lines, "\\A[^\\t]*\\t", "")),
                  tf.constant(" . ")));
      Operand<TString> rounds =
          ctx.concat(
              1,
              tf.select(answered, round, tf.array("")),
              ctx.expandDims(question(ctx, question), 1)); // [B, R]
      Operand<TInt32> counts =
          tf.reshape(ctx.sub(reader.whole(ctx, ctx.flat(rounds)).lengths(), 2), tf.shape(rounds));
      Operand<TInt32> ends = ctx.cumsum(tf.reverse(counts, tf.array(1)), 1); // [B, R]
      Operand<TString> all = tf.strings.reduceJoin(rounds, tf.constant(1)); // [B]
      Operand<TBool> open =
          tf.strings.regexFullMatch(lines, tf.constant("\\s*|[^\\t]*\\t.*")); // [B, R]
      Operand<TBool> malformed = tf.math.logicalNot(ctx.all(open, 1)); // [B]
      return new Earlier(reader.whole(ctx, all).tokens(), ends, malformed);
    }
  }

  /**
   * A text for each answer.
   *
   * @param tokens {@code [M, T]}: [CLS], what fits of earlier rounds, question, answer, [SEP]
   * @param cut {@code [M]}, 1 where question and answer alone are too long, otherwise 0
   */
  private record Joined(Tokens tokens, Operand<TFloat32> cut) {}

  private Joined joined(GraphContext outer, Earlier earlier, Pairs pairs) {
    GraphContext ctx = outer.onCpu();
    Ops tf = ctx.tf();
    ServingTexts.Whole last = parts.texts().whole(ctx, answer(ctx, pairs.texts())); // [M, A]
    Operand<TInt32> length = ctx.minimum(ctx.sub(last.lengths(), 2), most - 2); // [M]
    Operand<TInt32> room = ctx.sub(most - 2, length);
    Operand<TInt32> ends = ctx.gather(earlier.ends(), pairs.rows(), 0); // [M, R]
    Operand<TInt32> question = ctx.at(ends, 0, 1); // [M]
    Operand<TInt32> whole =
        ctx.max(ctx.select(tf.math.lessEqual(ends, ctx.expandDims(room, 1)), ends, 0), 1);
    Operand<TInt32> kept = tf.select(tf.math.lessEqual(question, room), whole, room); // [M]
    Operand<TInt32> all = ctx.max(ends, 1); // [M], of the whole history and the question
    Operand<TInt32> end = tf.math.add(kept, length); // [M], the place before [SEP]
    Operand<TInt32> places =
        ctx.range(ctx.add(ctx.max(ctx.concat(0, end, tf.array(0)), 0), 2)); // [T]
    Operand<TInt32> skipped = ctx.expandDims(tf.math.sub(all, kept), 1); // [M, 1]
    Operand<TInt32> before = ctx.expandDims(kept, 1); // [M, 1]
    Operand<TInt32> close = ctx.expandDims(ctx.add(end, 1), 1); // [M, 1]
    Operand<TInt32> asked = tf.math.add(question, ctx.sub(last.lengths(), 2)); // [M]
    ServingTexts texts = parts.texts();
    Tokens tokens =
        new Tokens(
            texts.assembled(
                ctx,
                places,
                new ServingTexts.Piece(
                    ctx.gather(earlier.tokens().ids(), pairs.rows(), 0), skipped, before),
                new ServingTexts.Piece(last.tokens().ids(), tf.math.neg(before), close)),
            tf.dtypes.cast(tf.math.lessEqual(places, close), TInt64.class));
    return new Joined(tokens, tf.dtypes.cast(ctx.greater(asked, most - 2), TFloat32.class));
  }
}
