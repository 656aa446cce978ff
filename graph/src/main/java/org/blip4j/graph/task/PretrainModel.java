package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.Features;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.ItmLoss;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Pre-training: ITC + ITM + LM over one batch (paper section 3.2; order of blip-spec 5.2). */
public final class PretrainModel implements TaskModel<ImageTextBatch> {
  private static final float WEIGHT_FLOOR = 1e-4f;

  private final ContrastiveTask task;
  private final ObjectiveConfig objective;

  private PretrainModel(VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    this.objective = objective;
    Blip blip = Blip.create(vars, config, Task.PRETRAIN);
    this.task = ContrastiveTask.create(vars, blip, objective, false);
  }

  /** Creates all variables of pre-training. */
  public static PretrainModel create(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    return new PretrainModel(vars, config, objective);
  }

  /**
   * Everything that a step computes.
   *
   * @param temperature after clamping, a scalar
   * @param online features with gradient
   * @param momentumFeatures features of the updated twin
   * @param itc contrastive loss
   * @param weights of drawing negatives
   * @param negatives what was drawn
   * @param itm matching loss
   * @param lm language-modelling loss
   * @param step the whole
   */
  public record Trace(
      Operand<TFloat32> temperature,
      Features online,
      Features momentumFeatures,
      ItcLoss.Result itc,
      HardNegatives.Weights weights,
      HardNegatives negatives,
      ItmLoss.Result itm,
      LmLoss.Result lm,
      TrainingStep step) {}

  @Override
  public Blip blip() {
    return task.blip();
  }

  @Override
  public List<Op> start(GraphContext ctx) {
    return task.momentum().copyFromOnline(ctx);
  }

  @Override
  public ImageTextBatch feeds(GraphContext ctx, TaskBatch.Sizes sizes) {
    return ImageTextBatch.feeds(ctx, sizes, false);
  }

  @Override
  public Encoded encode(GraphContext ctx, ImageTextBatch batch) {
    ContrastiveTask.Rows rows = task.encode(ctx, batch);
    return new Encoded(
        rows.features(),
        (second, gathered) -> trace(second, rows, gathered, Optional.empty()).step());
  }

  /**
   * Adds a step and names what lies between.
   *
   * @param given negatives to be used in place of drawn ones, for parity checks
   */
  public Trace trace(GraphContext ctx, ImageTextBatch batch, Optional<HardNegatives> given) {
    ContrastiveTask.Rows rows = task.encode(ctx, batch);
    return trace(ctx, rows, rows.features(), given);
  }

  private Trace trace(
      GraphContext ctx,
      ContrastiveTask.Rows encoded,
      Map<String, Operand<?>> gathered,
      Optional<HardNegatives> given) {
    Ops tf = ctx.tf();
    ImageTextBatch batch = encoded.batch();
    ItcLoss.Result itc = encoded.itc(ctx, diagonal(ctx, batch));
    HardNegatives.Weights weights = weights(ctx.in("negatives"), encoded, itc);
    HardNegatives negatives = given.orElseGet(() -> HardNegatives.draw(ctx, weights));
    Attended attended = encoded.attended(ctx);
    ItmLoss.Result itm = encoded.itm(ctx, attended, negatives);
    LmLoss.Result lm =
        LmLoss.compute(
            ctx,
            blip().decoder(),
            batch.tokens().withFirst(ctx, blip().config().text().tokens().dec()),
            attended,
            new LmLoss.Settings(0, objective.labelSmoothing()));
    Operand<TFloat32> loss = ctx.add(ctx.add(itc.loss(), itm.loss()), lm.loss());
    TrainingStep step =
        new TrainingStep(
            loss,
            ImmutableMap.of(
                "loss", loss,
                "loss_itc", itc.loss(),
                "loss_itm", itm.loss(),
                "loss_lm", lm.loss(),
                "itm_accuracy", itm.accuracy(),
                "temperature", tf.stopGradient(encoded.temperature())),
            encoded.writes(gathered));
    return new Trace(
        encoded.temperature(),
        encoded.online(),
        encoded.slow(),
        itc,
        weights,
        negatives,
        itm,
        lm,
        step);
  }

  private Operand<TFloat32> diagonal(GraphContext ctx, ImageTextBatch batch) {
    GraphContext inner = ctx.in("hard_targets");
    Operand<TInt32> rows = Shapes.dim(ctx, batch.tokens().ids(), 0);
    return inner.oneHot(inner.range(rows), inner.add(rows, objective.queueSize()), 1, 0);
  }

  private HardNegatives.Weights weights(
      GraphContext ctx, ContrastiveTask.Rows encoded, ItcLoss.Result itc) {
    Tokens tokens = encoded.batch().tokens();
    Operand<TInt32> rows = Shapes.dim(ctx, tokens.ids(), 0);
    Operand<TFloat32> t2i = ctx.slice(itc.similarities().textToImage(), 1, 0, rows); // [B, B]
    Operand<TFloat32> i2t = ctx.slice(itc.similarities().imageToText(), 1, 0, rows); // [B, B]
    Operand<TFloat32> wrong =
        objective.distinctNegatives()
            ? ContrastiveTask.differentTexts(ctx, tokens)
            : HardNegatives.offDiagonal(ctx, t2i);
    return encoded.weights(ctx, t2i, i2t, WEIGHT_FLOOR, wrong);
  }
}
