package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * One training batch of questions about images, each with any number of answers.
 *
 * @param pixels normalised {@code [B, S, S, 3]}
 * @param questions {@code [B, T]}
 * @param answers of all questions, {@code [N, T']}
 * @param rows which question each answer belongs to, {@code [N]}
 * @param weights of the answers, {@code [N]}: the share of people who gave it
 * @param before answers of the batch before the first of these, where another process has some, a
 *     scalar; empty for none
 * @param part which of the batch's answers these are; empty for all
 */
public record QuestionBatch(
    Operand<TFloat32> pixels,
    Tokens questions,
    Tokens answers,
    Operand<TInt32> rows,
    Operand<TFloat32> weights,
    Optional<Operand<TInt32>> before,
    Optional<BatchPart> part)
    implements TaskBatch<QuestionBatch> {

  /** A whole batch. */
  public QuestionBatch(
      Operand<TFloat32> pixels,
      Tokens questions,
      Tokens answers,
      Operand<TInt32> rows,
      Operand<TFloat32> weights) {
    this(pixels, questions, answers, rows, weights, Optional.empty(), Optional.empty());
  }

  /** Checks the ranks. */
  public QuestionBatch {
    Objects.requireNonNull(pixels, "pixels");
    Objects.requireNonNull(questions, "questions");
    Objects.requireNonNull(answers, "answers");
    Shapes.require(rows, "questions of the answers", -1);
    Shapes.require(weights, "answer weights", -1);
  }

  /** Placeholders; the number of answers varies. */
  static QuestionBatch feeds(GraphContext ctx, Sizes sizes) {
    return new QuestionBatch(
        TaskBatch.pixels(ctx, "pixels", sizes),
        TaskBatch.tokens(ctx, "", sizes.tokens()),
        TaskBatch.tokens(ctx, "answer_", Shape.of(-1, -1)),
        TaskBatch.input(ctx, "rows", TInt32.class, Shape.of(-1)),
        TaskBatch.input(ctx, "weights", TFloat32.class, Shape.of(-1)),
        Optional.of(TaskBatch.input(ctx, "answers_before", TInt32.class, Shape.scalar())),
        Optional.empty());
  }

  /** Some of the questions with their answers, which are in the order of the questions. */
  @Override
  public QuestionBatch rows(GraphContext outer, BatchPart part) {
    GraphContext ctx = outer.onCpu();
    Operand<TInt32> first = before(ctx, part.first());
    Operand<TInt32> number = ctx.sub(before(ctx, part.end(ctx)), first);
    Operand<TInt32> all = Shapes.dim(ctx, rows, 0);
    BatchPart own = new BatchPart(first, number, all);
    BatchPart place =
        before
            .map(others -> new BatchPart(ctx.add(others, first), number, ctx.add(others, all)))
            .orElse(own);
    return new QuestionBatch(
        TaskBatch.rows(ctx, part, pixels),
        TaskBatch.rows(ctx, part, questions),
        TaskBatch.rows(ctx, own, answers),
        ctx.sub(TaskBatch.rows(ctx, own, rows), part.first()),
        TaskBatch.rows(ctx, own, weights),
        Optional.empty(),
        Optional.of(place));
  }

  /** How many answers belong to questions before one. */
  private Operand<TInt32> before(GraphContext ctx, Operand<TInt32> question) {
    return ctx.sum(ctx.tf().dtypes.cast(ctx.tf().math.less(rows, question), TInt32.class), 0);
  }

  @Override
  public ImmutableMap<String, Operand<?>> feeds() {
    ImmutableMap.Builder<String, Operand<?>> feeds = ImmutableMap.builder();
    feeds
        .put("pixels", pixels)
        .put("ids", questions.ids())
        .put("mask", questions.mask())
        .put("answer_ids", answers.ids())
        .put("answer_mask", answers.mask())
        .put("rows", rows)
        .put("weights", weights);
    before.ifPresent(operand -> feeds.put("answers_before", operand));
    return feeds.buildOrThrow();
  }
}
