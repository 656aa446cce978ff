package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Retrieval fine-tuning: ITC + ITM where pairs of one image know each other (blip-spec 7.1).
 *
 * <p>Differences from pre-training: texts of the same image share the hard target, also in the
 * queue; negatives are drawn by online similarities, without a floor, and never from the same
 * image.
 *
 * <p>Traced further: {@code identities} of the batch, then of the queue before this step, {@code
 * [B+Q]}; under {@code negatives}, {@code wrong}: 1 for pairs that may be drawn, {@code [B, B]}.
 */
public final class RetrievalModel extends ContrastiveTask {

  private static final String IMAGES = "online_images";
  private static final String TEXTS = "online_texts";

  private RetrievalModel(VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    super(vars, config, Task.RETRIEVAL, objective, true);
  }

  /** Creates all variables of retrieval fine-tuning. */
  public static RetrievalModel create(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    return new RetrievalModel(vars, config, objective);
  }

  private static Operand<TInt64> identities(ImageTextBatch batch) {
    return batch
        .identities()
        .orElseThrow(
            () -> new IllegalArgumentException("retrieval needs the identities of images"));
  }

  @Override
  ImmutableMap<String, Operand<?>> moreFeatures(
      GraphContext ctx, ImageTextBatch batch, ImageStates images, Operand<TFloat32> texts) {
    return ImmutableMap.of(
        IDENTITIES,
        identities(batch),
        IMAGES,
        blip().matching().dual().imageFeatures(ctx.in("drawn_by"), images),
        TEXTS,
        texts);
  }

  /** All pairs of one image are equally true. */
  @Override
  Operand<TFloat32> hardTargets(GraphContext outer, ContrastiveRows rows) {
    Operand<TInt64> own = identities(rows.batch());
    Operand<TInt64> batch = rows.gathered().all(IDENTITIES);
    Operand<TInt64> all =
        outer.trace("identities", outer.concat(0, batch, state().queuedIdentities(outer))); // [B+Q]
    GraphContext ctx = outer.in("hard_targets");
    Operand<TFloat32> same =
        ctx.tf()
            .dtypes
            .cast(
                ctx.tf().math.equal(ctx.expandDims(own, 1), ctx.expandDims(all, 0)),
                TFloat32.class); // [b, B+Q]
    return ctx.div(same, ctx.sumKept(same, 1));
  }

  @Override
  HardNegatives.Weights weights(
      GraphContext ctx, ContrastiveRows rows, ItcLoss.Directions similarities) {
    ItcLoss.Features online = rows.online();
    ItcLoss.Features all =
        new ItcLoss.Features(rows.gathered().all(IMAGES), rows.gathered().all(TEXTS));
    return weights(
        ctx,
        similarity(ctx, online.text(), all.image(), rows.temperature()),
        similarity(ctx, online.image(), all.text(), rows.temperature()),
        0f,
        ctx.trace("wrong", wrong(ctx, rows)));
  }

  private static Operand<TFloat32> similarity(
      GraphContext ctx,
      Operand<TFloat32> rows,
      Operand<TFloat32> columns,
      Operand<TFloat32> temperature) {
    return ctx.div(
        ctx.tf().linalg.matMul(rows, columns, MatMul.transposeB(true)), temperature); // [b, B]
  }

  private Operand<TFloat32> wrong(GraphContext ctx, ContrastiveRows rows) {
    Operand<TInt64> own = identities(rows.batch());
    Operand<TInt64> all = rows.gathered().all(IDENTITIES);
    Operand<TFloat32> images =
        ctx.tf()
            .dtypes
            .cast(
                ctx.tf().math.notEqual(ctx.expandDims(all, 0), ctx.expandDims(own, 1)),
                TFloat32.class); // [b, B]
    return objective().distinctNegatives() ? ctx.mul(images, rows.differentTexts(ctx)) : images;
  }
}
