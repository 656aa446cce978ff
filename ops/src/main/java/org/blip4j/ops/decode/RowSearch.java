package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.core.WhileLoop.LoopVariable;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Generation in which each row goes its own way: a token is chosen among the processed logits, and
 * a row that has ended continues as padding. The loop ends when all rows have.
 */
final class RowSearch {

  /** Picks a token for each row. */
  @FunctionalInterface
  interface Choice {
    /**
     * Picks.
     *
     * @param scores processed logits {@code [R, V]}
     * @param length ids of each text so far, a scalar
     * @return {@code [R]}
     */
    Operand<TInt64> choose(GraphContext ctx, Operand<TFloat32> scores, Operand<TInt32> length);
  }

  private final DecodingSettings settings;
  private final EndTokens ends;
  private final Choice choice;

  RowSearch(DecodingSettings settings, EndTokens ends, Choice choice) {
    this.settings = settings;
    this.ends = ends;
    this.choice = choice;
  }

  /** Where all rows stand. */
  @SuppressWarnings("unchecked") // the loop keeps the types of its variables
  private record State(
      Operand<TInt32> length,
      Operand<TInt64> ids,
      Operand<TInt32> lengths,
      Operand<TBool> ended,
      Operand<TFloat32> logProbs,
      List<KeysValues> cache) {

    static State of(List<Operand<?>> flat) {
      return new State(
          (Operand<TInt32>) flat.get(0),
          (Operand<TInt64>) flat.get(1),
          (Operand<TInt32>) flat.get(2),
          (Operand<TBool>) flat.get(3),
          (Operand<TFloat32>) flat.get(4),
          TokenStep.Cache.read(flat.subList(5, flat.size())));
    }

    List<Operand<?>> flatten() {
      List<Operand<?>> flat = new ArrayList<>(List.of(length, ids, lengths, ended, logProbs));
      flat.addAll(TokenStep.Cache.flatten(cache));
      return flat;
    }
  }

  Decoded run(GraphContext outer, WhileLoop.Execution execution, TokenStep step, Prompt prompt) {
    GraphContext ctx = outer.in("decode");
    prompt.requireRoom(settings.lengths());
    int maximum = settings.lengths().maximum();
    TokenStep.Output first = step.start(ctx.in("start"), prompt.common(ctx));
    Operand<TInt32> rows =
        TextTable.repeated(ctx, Shapes.dim(ctx, prompt.ids(), 0), settings.rowsPerText());
    Prompt own = prompt.repeated(ctx, rows);
    Ops tf = ctx.tf();
    Operand<TInt64> ids = TextTable.pad(ctx, own.common(ctx), maximum, ends.padding());
    Operand<TInt32> zeros = tf.zerosLike(rows);
    State fresh =
        new State(
            own.commonLength(ctx),
            ids,
            zeros,
            tf.math.notEqual(zeros, zeros),
            tf.dtypes.cast(zeros, TFloat32.class),
            TokenStep.Cache.gather(ctx, first.cache(), rows));
    ScoreProcessors processors = ScoreProcessors.of(settings, ends);
    State initial =
        advance(
            ctx.in("choose"),
            fresh,
            processors.fromLength(prompt.leastLength()),
            ctx.gather(first.logits(), rows, 0),
            own);

    List<LoopVariable> variables = new ArrayList<>();
    for (Operand<?> operand : initial.flatten().subList(0, 5)) {
      int rank = operand.shape().numDimensions();
      variables.add(
          new LoopVariable(
              operand,
              rank == 0 ? Shape.scalar() : rank == 1 ? Shape.of(-1) : Shape.of(-1, maximum)));
    }
    variables.addAll(TokenStep.Cache.variables(initial.cache()));
    ScoreProcessors later = processors.fromLength(prompt.leastLength() + 1);
    State last =
        State.of(
            WhileLoop.run(
                ctx,
                execution,
                variables,
                (inner, values) -> List.of(unfinished(inner, State.of(values))),
                (inner, values) -> body(inner, State.of(values), later, step, own).flatten()));
    Operand<TInt32> written =
        tf.select(last.ended(), last.lengths(), tf.fill(tf.shape(last.lengths()), last.length()));
    return new Decoded(last.ids(), written, last.logProbs(), last.logProbs());
  }

  private Operand<TBool> unfinished(GraphContext ctx, State state) {
    Ops tf = ctx.tf();
    return tf.math.logicalAnd(
        ctx.less(state.length(), settings.lengths().maximum()),
        tf.math.logicalNot(ctx.all(state.ended(), 0)));
  }

  private State body(
      GraphContext ctx, State state, ScoreProcessors processors, TokenStep step, Prompt prompt) {
    Operand<TInt32> position = ctx.sub(state.length(), 1);
    Operand<TInt64> newest = ctx.expandDims(TextTable.get(ctx, state.ids(), position), 1); // [R, 1]
    TokenStep.Output output = step.next(ctx.in("step"), newest, position, state.cache());
    State read =
        new State(
            state.length(),
            state.ids(),
            state.lengths(),
            state.ended(),
            state.logProbs(),
            output.cache());
    return advance(ctx.in("choose"), read, processors, output.logits(), prompt);
  }

  private State advance(
      GraphContext ctx,
      State state,
      ScoreProcessors processors,
      Operand<TFloat32> logits,
      Prompt prompt) {
    Ops tf = ctx.tf();
    Operand<TFloat32> scores = processors.apply(ctx, logits, state.ids(), state.length());
    Operand<TInt64> chosen = choice.choose(ctx, scores, state.length()); // [R]
    Operand<TFloat32> logProb =
        ctx.flat(ctx.gatherInRows(tf.nn.logSoftmax(logits), ctx.expandDims(chosen, 1)));
    Operand<TBool> given = state.ended();
    Operand<TInt64> next = ctx.select(state.ended(), ends.padding(), chosen);
    Operand<TBool> ends = ctx.equal(next, this.ends.end());
    Optional<Prompt.Forced> forced = prompt.at(ctx, state.length());
    if (forced.isPresent()) {
      Operand<TBool> active = forced.get().active();
      given = tf.math.logicalOr(given, active);
      next = tf.select(active, forced.get().tokens(), next);
      ends = tf.math.logicalAnd(ends, tf.math.logicalNot(active));
    }
    Operand<TInt32> length = ctx.add(state.length(), 1);
    return new State(
        length,
        TextTable.put(ctx, state.ids(), state.length(), ctx.expandDims(next, 1)),
        tf.select(ends, length, state.lengths()),
        tf.math.logicalOr(state.ended(), ends),
        tf.math.add(state.logProbs(), ctx.select(given, 0, logProb)),
        state.cache());
  }
}
