package org.blip4j.graph.task;

import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Pre-training: ITC + ITM + LM over one batch (paper section 3.2; order of blip-spec 5.2). */
public final class PretrainModel extends ContrastiveTask {
  private static final float WEIGHT_FLOOR = 1e-4f;

  private PretrainModel(VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    super(vars, config, Task.PRETRAIN, objective, false);
  }

  /** Creates all variables of pre-training. */
  public static PretrainModel create(
      VariableScope vars, BlipConfig config, ObjectiveConfig objective) {
    return new PretrainModel(vars, config, objective);
  }

  /** Only the own pair is true. */
  @Override
  Operand<TFloat32> hardTargets(GraphContext outer, ImageTextBatch batch) {
    GraphContext ctx = outer.in("hard_targets");
    Operand<TInt32> rows = Shapes.dim(ctx, batch.tokens().ids(), 0);
    return ctx.oneHot(ctx.range(rows), ctx.add(rows, objective().queueSize()), 1, 0); // [B, B+Q]
  }

  @Override
  HardNegatives.Weights weights(GraphContext ctx, Rows rows, ItcLoss.Directions similarities) {
    Tokens tokens = rows.batch().tokens();
    Operand<TInt32> batch = Shapes.dim(ctx, tokens.ids(), 0);
    Operand<TFloat32> t2i = ctx.slice(similarities.textToImage(), 1, 0, batch); // [B, B]
    Operand<TFloat32> i2t = ctx.slice(similarities.imageToText(), 1, 0, batch); // [B, B]
    Operand<TFloat32> wrong =
        objective().distinctNegatives()
            ? differentTexts(ctx, tokens)
            : HardNegatives.offDiagonal(ctx, t2i); // [B, B]
    return weights(ctx, t2i, i2t, WEIGHT_FLOOR, wrong);
  }

  @Override
  Optional<Operand<TFloat32>> languageLoss(
      GraphContext ctx, ImageTextBatch batch, Attended images) {
    LmLoss.Result lm =
        LmLoss.compute(
            ctx,
            blip().decoder(),
            batch.tokens().withFirst(ctx, blip().config().text().tokens().dec()),
            images,
            new LmLoss.Settings(0, objective().labelSmoothing()));
    return Optional.of(lm.loss());
  }
}
