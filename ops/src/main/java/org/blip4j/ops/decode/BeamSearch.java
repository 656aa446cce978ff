package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.core.WhileLoop.LoopVariable;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
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
  private final BeamSettings settings;
  private final EndTokens ends;

  /**
   * A search.
   *
   * @throws IllegalArgumentException if the settings have one beam
   */
  public BeamSearch(BeamSettings settings, EndTokens ends) {
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
            Columns.pad(ctx, prompt.common(ctx), settings.lengths().maximum(), ends.padding()),
            1); // [B, 1, L]
    BeamState fresh = selection.start(ctx, texts, first.cache());
    BeamState initial = selection.advance(ctx.in("select"), fresh, first.logits());

    BeamState last =
        BeamState.of(
            WhileLoop.run(
                ctx,
                execution,
                variables(initial),
                (inner, values) -> List.of(unfinished(inner, BeamState.of(values))),
                (inner, values) -> body(inner, BeamState.of(values), selection, step).flatten()));
    Hypotheses all = selection.finish(ctx.in("finish"), last);
    return new Result(
        all.best(ctx.in("best"), ends),
        all,
        tf.math.sub(last.length(), prompt.commonLength(ctx.in("steps"))));
  }

  private List<LoopVariable> variables(BeamState initial) {
    Shape pairs = Shape.of(-1, settings.beams());
    Shape texts = Shape.of(-1, settings.beams(), settings.lengths().maximum());
    List<Shape> shapes =
        List.of(Shape.scalar(), texts, pairs, Shape.of(-1), texts, pairs, pairs, pairs);
    List<Operand<?>> flat = initial.flatten();
    List<LoopVariable> variables = new ArrayList<>();
    for (int i = 0; i < shapes.size(); i++) {
      variables.add(new LoopVariable(flat.get(i), shapes.get(i)));
    }
    variables.addAll(StepCache.variables(initial.cache()));
    return variables;
  }

  private Operand<TBool> unfinished(GraphContext ctx, BeamState state) {
    Ops tf = ctx.tf();
    return tf.math.logicalAnd(
        ctx.less(state.length(), settings.lengths().maximum()),
        tf.math.logicalNot(ctx.all(state.done(), 0)));
  }

  private static BeamState body(
      GraphContext ctx, BeamState state, BeamSelection selection, TokenStep step) {
    Operand<TInt32> position = ctx.sub(state.length(), 1);
    Operand<TInt64> newest = ctx.reshape(Columns.get(ctx, state.ids(), position), -1, 1); // [R, 1]
    TokenStep.Output output = step.next(ctx.in("step"), newest, position, state.cache());
    return selection.advance(ctx.in("select"), state.withCache(output.cache()), output.logits());
  }
}
