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
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Retrieval fine-tuning: ITC + ITM where pairs of one image know each other (blip-spec 7.1).
 *
 * <p>Differences from pre-training: texts of the same image share the hard target, also in the
 * queue; negatives are drawn by online similarities, without a floor, and never from the same
 * image.
 */
public final class RetrievalModel implements TaskModel<ImageTextBatch> {
  private final ContrastiveTask task;

  private RetrievalModel(VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    Blip blip = Blip.create(vars, config, Task.RETRIEVAL);
    this.task = ContrastiveTask.create(vars, blip, objective, true);
  }

  /** Creates all variables of retrieval fine-tuning. */
  public static RetrievalModel create(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    return new RetrievalModel(vars, config, objective);
  }

  /**
   * Everything that a step computes.
   *
   * @param temperature after clamping, a scalar
   * @param online features with gradient
   * @param momentumFeatures features of the updated twin
   * @param allIdentities of the batch, then of the queue before this step, {@code [B+Q]}
   * @param hardTargets {@code [B, B+Q]}
   * @param itc contrastive loss
   * @param wrong 1 for pairs of different images, {@code [B, B]}
   * @param weights of drawing negatives
   * @param negatives what was drawn
   * @param itm matching loss
   * @param step the whole
   */
  public record Trace(
      Operand<TFloat32> temperature,
      Features online,
      Features momentumFeatures,
      Operand<TInt64> allIdentities,
      Operand<TFloat32> hardTargets,
      ItcLoss.Result itc,
      Operand<TFloat32> wrong,
      HardNegatives.Weights weights,
      HardNegatives negatives,
      ItmLoss.Result itm,
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
    return ImageTextBatch.feeds(ctx, sizes, true);
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
    Operand<TInt64> identities =
        batch
            .identities()
            .orElseThrow(
                () -> new IllegalArgumentException("retrieval needs the identities of images"));
    Features online = encoded.online();
    Operand<TFloat32> temperature = encoded.temperature();
    Operand<TInt64> all = ctx.concat(0, identities, task.state().queuedIdentities(ctx));
    Operand<TFloat32> hard = hardTargets(ctx.in("hard_targets"), identities, all);
    ItcLoss.Result itc = encoded.itc(ctx, hard);
    GraphContext inner = ctx.in("negatives");
    Operand<TFloat32> wrong = wrong(inner, batch.tokens(), identities);
    HardNegatives.Weights weights =
        encoded.weights(
            inner,
            similarity(inner, online.text(), online.image(), temperature),
            similarity(inner, online.image(), online.text(), temperature),
            0f,
            wrong);
    HardNegatives negatives = given.orElseGet(() -> HardNegatives.draw(ctx, weights));
    ItmLoss.Result itm = encoded.itm(ctx, encoded.attended(ctx), negatives);
    Operand<TFloat32> loss = ctx.add(itc.loss(), itm.loss());
    TrainingStep step =
        new TrainingStep(
            loss,
            ImmutableMap.of(
                "loss", loss,
                "loss_itc", itc.loss(),
                "loss_itm", itm.loss(),
                "itm_accuracy", itm.accuracy(),
                "temperature", tf.stopGradient(temperature)),
            encoded.writes(gathered));
    return new Trace(
        temperature, online, encoded.slow(), all, hard, itc, wrong, weights, negatives, itm, step);
  }

  private static Operand<TFloat32> hardTargets(
      GraphContext ctx, Operand<TInt64> identities, Operand<TInt64> all) {
    Ops tf = ctx.tf();
    Operand<TFloat32> same =
        tf.dtypes.cast(
            tf.math.equal(ctx.expandDims(identities, 1), ctx.expandDims(all, 0)),
            TFloat32.class); // [B, B+Q]
    return tf.math.div(same, ctx.sumKept(same, 1));
  }

  private static Operand<TFloat32> similarity(
      GraphContext ctx,
      Operand<TFloat32> rows,
      Operand<TFloat32> columns,
      Operand<TFloat32> temperature) {
    Ops tf = ctx.tf();
    return tf.math.div(tf.linalg.matMul(rows, columns, MatMul.transposeB(true)), temperature);
  }

  private Operand<TFloat32> wrong(GraphContext ctx, Tokens tokens, Operand<TInt64> identities) {
    Operand<TFloat32> images = ContrastiveTask.differentIdentities(ctx, identities); // [B, B]
    return task.objective().distinctNegatives()
        ? ctx.tf().math.mul(images, ContrastiveTask.differentTexts(ctx, tokens))
        : images;
  }
}
