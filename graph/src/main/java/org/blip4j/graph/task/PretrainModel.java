package org.blip4j.graph.task;

import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.text.Attended;
import org.blip4j.ops.core.GraphContext;
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
  Operand<TFloat32> hardTargets(GraphContext outer, ContrastiveRows rows) {
    GraphContext ctx = outer.in("hard_targets");
    Operand<TInt32> columns = ctx.add(rows.ofAll(ctx), objective().queueSize());
    return ctx.oneHot(rows.numbers(ctx), columns, 1, 0); // [b, B+Q]
  }

  @Override
  HardNegatives.Weights weights(
      GraphContext ctx, ContrastiveRows rows, ItcLoss.Directions similarities) {
    Operand<TInt32> batch = rows.ofAll(ctx);
    Operand<TFloat32> t2i = ctx.slice(similarities.textToImage(), 1, 0, batch); // [b, B]
    Operand<TFloat32> i2t = ctx.slice(similarities.imageToText(), 1, 0, batch); // [b, B]
    Operand<TFloat32> wrong =
        objective().distinctNegatives()
            ? rows.differentTexts(ctx)
            : HardNegatives.offDiagonal(ctx, t2i, rows.gathered().part()); // [b, B]
    return weights(ctx, t2i, i2t, WEIGHT_FLOOR, wrong);
  }

  @Override
  Optional<Operand<TFloat32>> languageLoss(
      GraphContext ctx, ContrastiveRows rows, Attended images) {
    LmLoss.Result lm =
        LmLoss.compute(
            ctx,
            blip().decoder(),
            rows.batch().tokens().withFirst(ctx, blip().config().text().tokens().dec()),
            images,
            new LmLoss.Settings(0, objective().labelSmoothing()),
            rows.gathered()
                .part()
                .map(part -> LmLoss.divisor(ctx, rows.allTexts().mask(), part, 0)));
    return Optional.of(lm.loss());
  }
}
