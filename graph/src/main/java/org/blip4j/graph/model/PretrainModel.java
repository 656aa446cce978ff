package org.blip4j.graph.model;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.Features;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.ItmLoss;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Arithmetic;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Pre-training: ITC + ITM + LM over one batch (paper section 3.2; order of blip-spec 5.2). */
public final class PretrainModel implements TaskModel<ImageTextBatch> {
  private static final float WEIGHT_FLOOR = 1e-4f;

  private final Blip blip;
  private final MomentumTwin momentum;
  private final ContrastiveState contrastive;
  private final ObjectiveConfig objective;

  private PretrainModel(VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    this.objective = objective;
    this.blip = Blip.create(vars, config, Task.PRETRAIN);
    this.momentum = MomentumTwin.create(vars, config, blip.matching().dual(), objective.momentum());
    this.contrastive = ContrastiveState.create(vars, config, objective);
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
    return blip;
  }

  @Override
  public List<Op> start(GraphContext ctx) {
    return momentum.copyFromOnline(ctx);
  }

  @Override
  public TrainingStep step(GraphContext ctx, ImageTextBatch batch) {
    return trace(ctx, batch, Optional.empty()).step();
  }

  /**
   * Adds a step and names what lies between.
   *
   * @param given negatives to be used in place of drawn ones, for parity checks
   */
  public Trace trace(GraphContext ctx, ImageTextBatch batch, Optional<HardNegatives> given) {
    Ops tf = ctx.tf();
    SpecialTokens special = blip.config().text().tokens();
    Blip.Matching matching = blip.matching();
    Operand<TFloat32> temperature = contrastive.clampedTemperature(ctx);
    ImageStates images = blip.vision().apply(ctx, batch.pixels());
    Features online = matching.dual().features(ctx, images, batch.tokens());
    Map<Variable<?>, Operand<?>> updated = momentum.updated(ctx);
    Features slow = MomentumFeatures.of(ctx.in("momentum").withValues(updated), momentum, batch);
    ItcLoss.Result itc =
        ItcLoss.compute(
            ctx,
            new ItcLoss.Inputs(
                online,
                slow,
                contrastive.queue(ctx),
                temperature,
                batch.alpha(),
                diagonal(ctx, batch)));
    HardNegatives.Weights weights = weights(ctx.in("negatives"), itc, batch.tokens());
    HardNegatives negatives = given.orElseGet(() -> HardNegatives.draw(ctx, weights));
    Attended attended = matching.grounded().stack().project(ctx, images.attended());
    ItmLoss.Result itm =
        ItmLoss.compute(
            ctx,
            matching.grounded(),
            matching.head(),
            batch.tokens().withFirst(ctx, special.enc()),
            attended,
            negatives);
    LmLoss.Result lm =
        LmLoss.compute(
            ctx,
            blip.decoder(),
            batch.tokens().withFirst(ctx, special.dec()),
            attended,
            new LmLoss.Settings(0, objective.labelSmoothing()));
    Operand<TFloat32> loss =
        Arithmetic.add(ctx, Arithmetic.add(ctx, itc.loss(), itm.loss()), lm.loss());
    TrainingStep step =
        new TrainingStep(
            loss,
            ImmutableMap.of(
                "loss", loss,
                "loss_itc", itc.loss(),
                "loss_itm", itm.loss(),
                "loss_lm", lm.loss(),
                "itm_accuracy", itm.accuracy(),
                "temperature", tf.stopGradient(temperature)),
            after -> {
              List<Op> writes = new ArrayList<>(momentum.store(after, updated));
              writes.addAll(contrastive.enqueue(after, slow, Optional.empty()));
              return writes;
            });
    return new Trace(temperature, online, slow, itc, weights, negatives, itm, lm, step);
  }

  private Operand<TFloat32> diagonal(GraphContext ctx, ImageTextBatch batch) {
    Ops tf = ctx.in("hard_targets").tf();
    Operand<TInt32> rows = Shapes.dim(ctx, batch.tokens().ids(), 0);
    return tf.oneHot(
        tf.range(tf.constant(0), rows, tf.constant(1)),
        tf.math.add(rows, tf.constant(objective.queueSize())),
        tf.constant(1f),
        tf.constant(0f));
  }

  private HardNegatives.Weights weights(GraphContext ctx, ItcLoss.Result itc, Tokens tokens) {
    Operand<TFloat32> t2i = BatchPairs.ownColumns(ctx, itc.similarities().textToImage(), tokens);
    Operand<TFloat32> i2t = BatchPairs.ownColumns(ctx, itc.similarities().imageToText(), tokens);
    Operand<TFloat32> wrong =
        objective.distinctNegatives()
            ? BatchPairs.differentTexts(ctx, tokens)
            : HardNegatives.offDiagonal(ctx, t2i);
    return new HardNegatives.Weights(
        HardNegatives.weights(ctx, t2i, WEIGHT_FLOOR, wrong),
        HardNegatives.weights(ctx, i2t, WEIGHT_FLOOR, wrong));
  }
}
