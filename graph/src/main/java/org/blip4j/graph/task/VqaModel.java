package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * Visual question answering: LM over each answer, given the question read with the image; answers
 * are weighted and their losses are sums over tokens (blip-spec 7.4).
 *
 * <p>A question is encoded once, however many answers it has.
 *
 * <p>Traced under {@code vqa}: {@code images} {@code [B, P, W]}, {@code questions} {@code [B, T,
 * W]}, and the language modelling of all answers.
 */
public final class VqaModel implements TaskModel<QuestionBatch> {
  private final Blip blip;
  private final LmLoss.Settings settings;

  private VqaModel(VariableScope vars, BlipConfig config, double labelSmoothing) {
    this.blip = Blip.create(vars, config, Task.VQA);
    this.settings = new LmLoss.Settings(0, labelSmoothing);
  }

  /** Creates the variables of question answering. */
  public static VqaModel create(VariableScope vars, BlipConfig config, double labelSmoothing) {
    return new VqaModel(vars, config, labelSmoothing);
  }

  @Override
  public Blip blip() {
    return blip;
  }

  @Override
  public QuestionBatch feeds(GraphContext ctx, TaskBatch.Sizes sizes) {
    return QuestionBatch.feeds(ctx, sizes);
  }

  @Override
  public Encoded encode(GraphContext ctx, QuestionBatch batch) {
    GraphContext inner = ctx.in("vqa");
    ImageStates images = blip.vision().apply(inner, batch.pixels());
    TextStates questions = blip.answering().read(inner, batch.questions(), images);
    inner.trace("images", images.hidden());
    inner.trace("questions", questions.hidden());
    return Encoded.apart(
        (second, none) -> {
          GraphContext answers =
              batch
                  .part()
                  .map(part -> second.with(second.randomness().forPart(part)))
                  .orElse(second);
          Operand<TFloat32> loss = loss(answers.in("vqa"), batch, questions);
          return TrainingStep.withoutWrites(loss, ImmutableMap.of("loss_vqa", loss));
        });
  }

  /** Sum of weight times answer loss over the number of questions, a scalar. */
  private Operand<TFloat32> loss(GraphContext ctx, QuestionBatch batch, TextStates questions) {
    Ops tf = ctx.tf();
    Blip.Answering answering = blip.answering();
    Attended attended =
        answering
            .answers()
            .stack()
            .project(ctx, questions.attended())
            .gather(ctx, batch.rows()); // [N, ...]
    LmLoss.Result answers =
        LmLoss.compute(
            ctx,
            answering.answers(),
            batch.answers().withFirst(ctx, blip.config().text().tokens().dec()),
            attended,
            settings);
    Operand<TFloat32> weighted = ctx.sum(tf.math.mul(batch.weights(), answers.sequenceLoss()), 0);
    Operand<TFloat32> number =
        tf.dtypes.cast(Shapes.dim(ctx, batch.questions().ids(), 0), TFloat32.class);
    return tf.math.div(weighted, number);
  }
}
