package org.blip4j.ops.decode;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
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

  private final BeamSettings settings;
  private final EndTokens ends;
  private final Prompt prompt;
  private final Denominators denominators;
  private final int beams;

  BeamSelection(BeamSettings settings, EndTokens ends, Prompt prompt) {
    this.settings = settings;
    this.ends = ends;
    this.prompt = prompt;
    this.denominators = new Denominators(settings.normalization(), prompt);
    this.beams = settings.beams();
  }

  /** One hypothesis a text, {@code ids [B, 1, L]}: the prompt. */
  BeamState start(GraphContext ctx, Operand<TInt64> ids, List<KeysValues> cache) {
    Ops tf = ctx.tf();
    Operand<TInt64> zeros = tf.zerosLike(tf.gather(ids, tf.constant(0), tf.constant(2))); // [B, 1]
    Operand<TInt64> places = tf.tile(ids, tf.constant(new int[] {1, beams, 1})); // [B, K, L]
    return new BeamState(
        prompt.commonLength(ctx),
        ids,
        tf.dtypes.cast(zeros, TFloat32.class),
        tf.reduceAny(tf.math.notEqual(zeros, zeros), tf.constant(1)),
        Hypotheses.none(ctx, places),
        cache);
  }

  /** The 2K best continuations of each text, highest first, all {@code [B, 2K]}. */
  private record Candidates(
      Operand<TFloat32> scores, Operand<TInt32> beams, Operand<TInt64> tokens) {

    /** The beam, token or score of some of them, {@code places [B, K]}. */
    <T extends TType> Operand<T> pick(GraphContext ctx, Operand<T> values, Operand<TInt32> places) {
      return ctx.tf().gather(values, places, ctx.tf().constant(1), Gather.batchDims(1L));
    }
  }

  /**
   * Goes one token on.
   *
   * @param logits {@code [B*k, V]} for the k hypotheses of each text in {@code state}
   */
  BeamState advance(GraphContext ctx, BeamState state, Operand<TFloat32> logits) {
    Ops tf = ctx.tf();
    Candidates candidates = candidates(ctx, state, logits);
    Operand<TBool> isEnd = tf.math.equal(candidates.tokens(), tf.constant(ends.end())); // [B, 2K]
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
    Operand<TBool> doneRows = tf.expandDims(done, tf.constant(1));
    Operand<TInt32> beam =
        tf.select(doneRows, tf.constant(0), candidates.pick(ctx, candidates.beams(), places));
    Operand<TInt64> token =
        tf.select(
            doneRows,
            tf.constant(ends.padding()),
            candidates.pick(ctx, candidates.tokens(), places));
    Operand<TFloat32> score =
        tf.select(doneRows, tf.constant(0f), candidates.pick(ctx, candidates.scores(), places));
    if (forced.isPresent()) {
      Operand<TBool> active = tf.expandDims(forced.get().active(), tf.constant(1)); // [B, 1]
      beam = tf.select(active, tf.constant(0), beam);
      token = tf.select(active, tf.expandDims(forced.get().tokens(), tf.constant(1)), token);
      score = tf.select(active, onlyTheFirst(ctx), score);
    }
    Operand<TInt64> ids =
        tf.gather(state.ids(), beam, tf.constant(1), Gather.batchDims(1L)); // [B, K, L]
    return new BeamState(
        tf.math.add(state.length(), tf.constant(1)),
        Columns.put(ctx, ids, state.length(), tf.expandDims(token, tf.constant(2))),
        score,
        done,
        finished,
        StepCache.gather(ctx, state.cache(), rows(ctx, state, beam)));
  }

  private Candidates candidates(GraphContext ctx, BeamState state, Operand<TFloat32> logits) {
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
                tf.reshape(state.ids(), tf.constant(new long[] {-1, columns})),
                state.length());
    Operand<TFloat32> sums =
        tf.math.add(logProbs, tf.reshape(state.scores(), tf.constant(new int[] {-1, 1})));
    Operand<TFloat32> cells =
        tf.reshape(sums, tf.constant(new long[] {-1, hypotheses * vocabulary})); // [B, k*V]
    TopK<TFloat32, TInt32> best = tf.nn.topK(cells, tf.constant(2 * beams), TInt32.class);
    Operand<TInt32> width = tf.constant((int) vocabulary);
    return new Candidates(
        best.values(),
        tf.math.floorDiv(best.indices(), width),
        tf.dtypes.cast(tf.math.floorMod(best.indices(), width), TInt64.class));
  }

  /** The hypotheses that end with this step: an end token among the first K candidates. */
  private Hypotheses finished(
      GraphContext ctx,
      BeamState state,
      Candidates candidates,
      Operand<TBool> isEnd,
      Operand<TBool> still) {
    Ops tf = ctx.tf();
    Operand<TFloat32> sums = firstBeams(ctx, candidates.scores()); // [B, K]
    Operand<TInt32> beam = firstBeams(ctx, candidates.beams());
    Operand<TBool> ended =
        tf.math.logicalAnd(
            firstBeams(ctx, isEnd), tf.math.logicalNot(tf.expandDims(still, tf.constant(1))));
    Operand<TFloat32> values = tf.math.div(sums, denominators.finished(ctx, state.length()));
    return new Hypotheses(
        tf.gather(state.ids(), beam, tf.constant(1), Gather.batchDims(1L)),
        tf.math.add(tf.zerosLike(beam), state.length()),
        tf.select(ended, values, tf.constant(ScoreProcessors.REMOVED)),
        sums);
  }

  private <T extends TType> Operand<T> firstBeams(GraphContext ctx, Operand<T> values) {
    Ops tf = ctx.tf();
    return tf.slice(values, tf.constant(new int[] {0, 0}), tf.constant(new int[] {-1, beams}));
  }

  /** Whether no open hypothesis can beat the K-th finished one, {@code [B]}. */
  private Operand<TBool> complete(
      GraphContext ctx, BeamState state, Candidates candidates, Hypotheses finished) {
    Ops tf = ctx.tf();
    Operand<TFloat32> best =
        tf.slice(
            candidates.scores(), tf.constant(new int[] {0, 0}), tf.constant(new int[] {-1, 1}));
    Operand<TFloat32> reachable = tf.math.div(best, denominators.finished(ctx, state.length()));
    return tf.math.greaterEqual(
        finished.worst(ctx), tf.reshape(reachable, tf.constant(new int[] {-1})));
  }

  /** The places of the first K candidates that do not end a text. */
  private Operand<TInt32> continuations(GraphContext ctx, Operand<TBool> isEnd) {
    Ops tf = ctx.tf();
    int[] ranks = new int[2 * beams];
    Arrays.setAll(ranks, rank -> -rank);
    Operand<TInt32> rank = tf.constant(ranks);
    Operand<TInt32> order =
        tf.select(isEnd, tf.math.sub(rank, tf.constant(2 * beams)), rank); // ends come last
    return tf.nn.topK(order, tf.constant(beams), TInt32.class).indices();
  }

  private Operand<TFloat32> onlyTheFirst(GraphContext ctx) {
    float[] scores = new float[beams];
    Arrays.fill(scores, 1, beams, NEVER);
    return ctx.tf().constant(scores);
  }

  /** Row numbers {@code [B*K]} of the hypotheses that are continued. */
  private static Operand<TInt32> rows(GraphContext ctx, BeamState state, Operand<TInt32> beam) {
    Ops tf = ctx.tf();
    Operand<TInt32> count = Shapes.dim(ctx, state.scores(), 1);
    Operand<TInt32> texts = tf.range(tf.constant(0), Shapes.dim(ctx, beam, 0), tf.constant(1));
    Operand<TInt32> offsets = tf.expandDims(tf.math.mul(texts, count), tf.constant(1)); // [B, 1]
    return tf.reshape(tf.math.add(offsets, beam), tf.constant(new int[] {-1}));
  }

  /** Adds what is still open, best first, and returns all hypotheses. */
  Hypotheses finish(GraphContext ctx, BeamState state) {
    Ops tf = ctx.tf();
    Operand<TFloat32> values = tf.math.div(state.scores(), denominators.open(ctx, state.length()));
    return state
        .finished()
        .insert(
            ctx,
            new Hypotheses(
                state.ids(),
                tf.math.add(tf.zerosLike(state.finished().lengths()), state.length()),
                tf.select(
                    tf.expandDims(state.done(), tf.constant(1)),
                    tf.constant(ScoreProcessors.REMOVED),
                    values),
                state.scores()));
  }
}
