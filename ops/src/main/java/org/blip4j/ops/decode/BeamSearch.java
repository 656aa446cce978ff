package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
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
 * Beam search with the rules of transformers 4.15 (blip-spec 8.2), or of 4.46 where the lengths are
 * {@link LengthNormalization#GENERATED}.
 *
 * <p>The prompt is read once for each text; the K hypotheses part with the first token. The loop
 * ends when every text is done or at the maximum length. A text that is done stays as it is and
 * does not touch the others.
 */
public final class BeamSearch {
  private final DecodingSettings.Beams settings;
  private final EndTokens ends;

  /**
   * A search.
   *
   * @throws IllegalArgumentException if the settings have one beam
   */
  public BeamSearch(DecodingSettings.Beams settings, EndTokens ends) {
    if (settings.beams() < 2) {
      throw new IllegalArgumentException(
          "beam search has several beams, not " + settings.beams() + "; use GreedySearch");
    }
    this.settings = settings;
    this.ends = ends;
  }

  /**
   * What a search gives.
   *
   * @param best the best text of each prompt
   * @param all the K hypotheses that were left at the end
   * @param steps how often the model was run, a scalar: the longest text of the batch decides
   */
  public record Result(Decoded best, Hypotheses all, Operand<TInt32> steps) {}

  /** Generates one text for each prompt. */
  public Result run(
      GraphContext outer, WhileLoop.Execution execution, TokenStep step, Prompt prompt) {
    GraphContext ctx = outer.in("decode");
    prompt.requireRoom(settings.lengths());
    Ops tf = ctx.tf();
    BeamSelection selection = new BeamSelection(settings, ends, prompt);
    TokenStep.Output first = step.start(ctx.in("start"), prompt.common(ctx));
    Operand<TInt64> texts =
        ctx.expandDims(
            TextTable.pad(ctx, prompt.common(ctx), settings.lengths().maximum(), ends.padding()),
            1); // [B, 1, L]
    State fresh = selection.start(ctx, texts, first.cache());
    State initial = selection.advance(ctx.in("select"), fresh, first.logits());

    State last =
        State.of(
            WhileLoop.run(
                ctx,
                execution,
                variables(initial),
                (inner, values) -> List.of(unfinished(inner, State.of(values))),
                (inner, values) -> body(inner, State.of(values), selection, step).flatten()));
    Hypotheses all = selection.finish(ctx.in("finish"), last);
    return new Result(
        all.best(ctx.in("best"), ends),
        all,
        tf.math.sub(last.length(), prompt.commonLength(ctx.in("steps"))));
  }

  private List<LoopVariable> variables(State initial) {
    Shape pairs = Shape.of(-1, settings.beams());
    Shape texts = Shape.of(-1, settings.beams(), settings.lengths().maximum());
    List<Shape> shapes =
        List.of(Shape.scalar(), texts, pairs, Shape.of(-1), texts, pairs, pairs, pairs);
    List<Operand<?>> flat = initial.flatten();
    List<LoopVariable> variables = new ArrayList<>();
    for (int i = 0; i < shapes.size(); i++) {
      variables.add(new LoopVariable(flat.get(i), shapes.get(i)));
    }
    variables.addAll(TokenStep.Cache.variables(initial.cache()));
    return variables;
  }

  private Operand<TBool> unfinished(GraphContext ctx, State state) {
    Ops tf = ctx.tf();
    return tf.math.logicalAnd(
        ctx.less(state.length(), settings.lengths().maximum()),
        tf.math.logicalNot(ctx.all(state.done(), 0)));
  }

  private static State body(
      GraphContext ctx, State state, BeamSelection selection, TokenStep step) {
    Operand<TInt32> position = ctx.sub(state.length(), 1);
    Operand<TInt64> newest =
        ctx.reshape(TextTable.get(ctx, state.ids(), position), -1, 1); // [R, 1]
    TokenStep.Output output = step.next(ctx.in("step"), newest, position, state.cache());
    return selection.advance(ctx.in("select"), state.withCache(output.cache()), output.logits());
  }

  /**
   * Where beam search stands between two steps.
   *
   * @param length ids of every open hypothesis, a scalar
   * @param ids {@code [B, K, L]}
   * @param scores {@code [B, K]}, sums of log-probabilities
   * @param done {@code [B]}, texts whose result can no longer change
   * @param finished the best finished hypotheses so far
   * @param cache of the open hypotheses, {@code B*K} rows; the newest token is not in it
   */
  record State(
      Operand<TInt32> length,
      Operand<TInt64> ids,
      Operand<TFloat32> scores,
      Operand<TBool> done,
      Hypotheses finished,
      List<KeysValues> cache) {

    @SuppressWarnings("unchecked") // the loop keeps the types of its variables
    static State of(List<Operand<?>> flat) {
      return new State(
          (Operand<TInt32>) flat.get(0),
          (Operand<TInt64>) flat.get(1),
          (Operand<TFloat32>) flat.get(2),
          (Operand<TBool>) flat.get(3),
          new Hypotheses(
              (Operand<TInt64>) flat.get(4),
              (Operand<TInt32>) flat.get(5),
              (Operand<TFloat32>) flat.get(6),
              (Operand<TFloat32>) flat.get(7)),
          TokenStep.Cache.read(flat.subList(8, flat.size())));
    }

    List<Operand<?>> flatten() {
      List<Operand<?>> flat =
          new ArrayList<>(
              List.of(
                  length,
                  ids,
                  scores,
                  done,
                  finished.ids(),
                  finished.lengths(),
                  finished.scores(),
                  finished.logProbs()));
      flat.addAll(TokenStep.Cache.flatten(cache));
      return flat;
    }

    State withCache(List<KeysValues> other) {
      return new State(length, ids, scores, done, finished, other);
    }
  }

  /**
   * Search with one beam: the highest processed logit each time. Unlike beam search, the repetition
   * penalty acts on raw logits, and a text ends with its first end token.
   */
  public static final class Greedy {
    private final DecodingSettings.Beams settings;
    private final EndTokens ends;

    /**
     * A search.
     *
     * @throws IllegalArgumentException if the settings have several beams
     */
    public Greedy(DecodingSettings.Beams settings, EndTokens ends) {
      if (settings.beams() != 1) {
        throw new IllegalArgumentException(
            "greedy search has one beam, not " + settings.beams() + "; use BeamSearch");
      }
      this.settings = settings;
      this.ends = ends;
    }

    /** Generates one text for each prompt; scores are divided by the length as with beams. */
    public Decoded run(
        GraphContext ctx, WhileLoop.Execution execution, TokenStep step, Prompt prompt) {
      Decoded found =
          new RowSearch(settings, ends, (inner, scores, length) -> inner.argMax(scores, 1))
              .run(ctx, execution, step, prompt);
      Operand<TFloat32> scores = settings.normalization().score(ctx, found, prompt, ends);
      return new Decoded(found.ids(), found.lengths(), scores, found.logProbs());
    }
  }
}
