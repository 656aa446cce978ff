package org.blip4j.ops.decode;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * Chooses the next K hypotheses of each text among its 2K best continuations (blip-spec 8.2).
 *
 * <p>An end token among the K best finishes a hypothesis; one further down is passed over. The
 * first K others go on.
 */
final class BeamSelection {
  private static final float NEVER = -1e9f;

  private final DecodingSettings.Beams settings;
  private final EndTokens ends;
  private final Prompt prompt;
  private final int beams;

  BeamSelection(DecodingSettings.Beams settings, EndTokens ends, Prompt prompt) {
    this.settings = settings;
    this.ends = ends;
    this.prompt = prompt;
    this.beams = settings.beams();
  }

  /** One hypothesis a text, {@code ids [B, 1, L]}: the prompt. */
  BeamSearch.State start(GraphContext ctx, Operand<TInt64> ids, List<KeysValues> cache) {
    Ops tf = ctx.tf();
    Operand<TInt64> zeros = tf.zerosLike(ctx.at(ids, 0, 2)); // [B, 1]
    Operand<TInt64> places = ctx.tile(ids, 1, beams, 1); // [B, K, L]
    return new BeamSearch.State(
        prompt.commonLength(ctx),
        ids,
        tf.dtypes.cast(zeros, TFloat32.class),
        ctx.any(tf.math.notEqual(zeros, zeros), 1),
        Hypotheses.none(ctx, places),
        cache);
  }

  /** The 2K best continuations of each text, highest first, all {@code [B, 2K]}. */
  private record Candidates(
      Operand<TFloat32> scores, Operand<TInt32> beams, Operand<TInt64> tokens) {

    /** The beam, token or score of some of them, {@code places [B, K]}. */
    <T extends TType> Operand<T> pick(GraphContext ctx, Operand<T> values, Operand<TInt32> places) {
      return ctx.gatherInRows(values, places);
    }
  }

  /**
   * Goes one token on.
   *
   * @param logits {@code [B*k, V]} for the k hypotheses of each text in {@code state}
   */
  BeamSearch.State advance(GraphContext ctx, BeamSearch.State state, Operand<TFloat32> logits) {
    Ops tf = ctx.tf();
    Candidates candidates = candidates(ctx, state, logits);
    Operand<TBool> isEnd = ctx.equal(candidates.tokens(), ends.end()); // [B, 2K]
    Optional<Prompt.Forced> forced = prompt.at(ctx, state.length());
    Operand<TBool> still =
        forced
            .map(some -> (Operand<TBool>) tf.math.logicalOr(state.done(), some.active()))
            .orElse(state.done());
    Hypotheses finished =
        state.finished().insert(ctx, finished(ctx, state, candidates, isEnd, still));
    Operand<TBool> done =
        tf.math.logicalOr(
            state.done(),
            tf.math.logicalAnd(
                tf.math.logicalNot(still), complete(ctx, state, candidates, finished)));

    Operand<TInt32> places = continuations(ctx, isEnd); // [B, K]
    Operand<TBool> doneRows = ctx.expandDims(done, 1);
    Operand<TInt32> beam =
        ctx.select(doneRows, 0, candidates.pick(ctx, candidates.beams(), places));
    Operand<TInt64> token =
        ctx.select(doneRows, ends.padding(), candidates.pick(ctx, candidates.tokens(), places));
    Operand<TFloat32> score =
        ctx.select(doneRows, 0, candidates.pick(ctx, candidates.scores(), places));
    if (forced.isPresent()) {
      Operand<TBool> active = ctx.expandDims(forced.get().active(), 1); // [B, 1]
      beam = ctx.select(active, 0, beam);
      token = tf.select(active, ctx.expandDims(forced.get().tokens(), 1), token);
      score = tf.select(active, onlyTheFirst(ctx), score);
    }
    Operand<TInt64> ids = ctx.gatherInRows(state.ids(), beam); // [B, K, L]
    return new BeamSearch.State(
        ctx.add(state.length(), 1),
        TextTable.put(ctx, ids, state.length(), ctx.expandDims(token, 2)),
        score,
        done,
        finished,
        TokenStep.Cache.gather(ctx, state.cache(), rows(ctx, state, beam)));
  }

  private Candidates candidates(
      GraphContext ctx, BeamSearch.State state, Operand<TFloat32> logits) {
    Ops tf = ctx.tf();
    long hypotheses = Shapes.known(state.scores(), 1);
    long vocabulary = Shapes.known(logits, 1);
    long columns = Shapes.known(state.ids(), 2);
    long least = prompt.leastLength() + (hypotheses == 1 ? 0 : 1);
    Operand<TFloat32> logProbs =
        ScoreProcessors.of(settings, ends)
            .fromLength(least)
            .apply(
                ctx,
                tf.nn.logSoftmax(logits),
                ctx.reshape(state.ids(), -1, columns),
                state.length());
    Operand<TFloat32> sums = tf.math.add(logProbs, ctx.reshape(state.scores(), -1, 1));
    Operand<TFloat32> cells = ctx.reshape(sums, -1, hypotheses * vocabulary); // [B, k*V]
    TopK<TFloat32, TInt32> best = ctx.topK(cells, 2 * beams);
    return new Candidates(
        best.values(),
        ctx.floorDiv(best.indices(), vocabulary),
        tf.dtypes.cast(ctx.floorMod(best.indices(), vocabulary), TInt64.class));
  }

  /** The hypotheses that end with this step: an end token among the first K candidates. */
  private Hypotheses finished(
      GraphContext ctx,
      BeamSearch.State state,
      Candidates candidates,
      Operand<TBool> isEnd,
      Operand<TBool> still) {
    Ops tf = ctx.tf();
    Operand<TFloat32> sums = firstBeams(ctx, candidates.scores()); // [B, K]
    Operand<TInt32> beam = firstBeams(ctx, candidates.beams());
    Operand<TBool> ended =
        tf.math.logicalAnd(firstBeams(ctx, isEnd), tf.math.logicalNot(ctx.expandDims(still, 1)));
    Operand<TFloat32> values =
        settings.normalization().scoreFinished(ctx, sums, state.length(), prompt);
    return new Hypotheses(
        ctx.gatherInRows(state.ids(), beam),
        tf.math.add(tf.zerosLike(beam), state.length()),
        ctx.select(ended, values, ScoreProcessors.REMOVED),
        sums);
  }

  private <T extends TType> Operand<T> firstBeams(GraphContext ctx, Operand<T> values) {
    return ctx.slice(values, 1, 0, beams);
  }

  /** Whether no open hypothesis can beat the K-th finished one, {@code [B]}. */
  private Operand<TBool> complete(
      GraphContext ctx, BeamSearch.State state, Candidates candidates, Hypotheses finished) {
    Ops tf = ctx.tf();
    Operand<TFloat32> best = ctx.slice(candidates.scores(), 1, 0, 1);
    Operand<TFloat32> reachable =
        settings.normalization().scoreFinished(ctx, best, state.length(), prompt);
    return tf.math.greaterEqual(finished.worst(ctx), ctx.flat(reachable));
  }

  /** The places of the first K candidates that do not end a text. */
  private Operand<TInt32> continuations(GraphContext ctx, Operand<TBool> isEnd) {
    Ops tf = ctx.tf();
    int[] ranks = new int[2 * beams];
    Arrays.setAll(ranks, rank -> -rank);
    Operand<TInt32> rank = tf.array(ranks); // [2K]
    Operand<TInt32> order = tf.select(isEnd, ctx.sub(rank, 2 * beams), rank); // ends come last
    return ctx.topK(order, beams).indices();
  }

  private Operand<TFloat32> onlyTheFirst(GraphContext ctx) {
    float[] scores = new float[beams];
    Arrays.fill(scores, 1, beams, NEVER);
    return ctx.tf().array(scores); // [K]
  }

  /** Row numbers {@code [B*K]} of the hypotheses that are continued. */
  private static Operand<TInt32> rows(
      GraphContext ctx, BeamSearch.State state, Operand<TInt32> beam) {
    Ops tf = ctx.tf();
    Operand<TInt32> count = Shapes.dim(ctx, state.scores(), 1);
    Operand<TInt32> texts = ctx.range(Shapes.dim(ctx, beam, 0));
    Operand<TInt32> offsets = ctx.expandDims(tf.math.mul(texts, count), 1); // [B, 1]
    return ctx.flat(tf.math.add(offsets, beam));
  }

  /** Adds what is still open, best first, and returns all hypotheses. */
  Hypotheses finish(GraphContext ctx, BeamSearch.State state) {
    Ops tf = ctx.tf();
    Operand<TFloat32> values =
        settings.normalization().scoreOpen(ctx, state.scores(), state.length(), prompt);
    return state
        .finished()
        .insert(
            ctx,
            new Hypotheses(
                state.ids(),
                tf.math.add(tf.zerosLike(state.finished().lengths()), state.length()),
                ctx.select(ctx.expandDims(state.done(), 1), ScoreProcessors.REMOVED, values),
                state.scores()));
  }
}
