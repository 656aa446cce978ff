package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.op.Op;

/** Captioning: LM over prompt and caption, the prompt not counting (blip-spec 7.2). */
public final class CaptionModel implements TaskModel<ImageTextBatch> {
  private final Blip blip;
  private final LmLoss.Settings settings;

  private CaptionModel(VariableScope vars, BlipConfig config, LmLoss.Settings settings) {
    this.blip = Blip.create(vars, config, Task.CAPTION);
    this.settings = settings;
  }

  /** Creates the variables of captioning. */
  public static CaptionModel create(
      VariableScope vars, BlipConfig config, LmLoss.Settings settings) {
    return new CaptionModel(vars, config, settings);
  }

  @Override
  public Blip blip() {
    return blip;
  }

  @Override
  public List<Op> start(GraphContext ctx) {
    return List.of();
  }

  @Override
  public TrainingStep step(GraphContext ctx, ImageTextBatch batch) {
    LmLoss.Result lm = loss(ctx, batch);
    return new TrainingStep(
        lm.loss(), ImmutableMap.of("loss", lm.loss(), "loss_lm", lm.loss()), after -> List.of());
  }

  /** The language-modelling loss of a batch. */
  public LmLoss.Result loss(GraphContext ctx, ImageTextBatch batch) {
    Attended attended =
        blip.decoder().stack().project(ctx, blip.vision().apply(ctx, batch.pixels()).attended());
    return LmLoss.compute(
        ctx,
        blip.decoder(),
        batch.tokens().withFirst(ctx, blip.config().text().tokens().dec()),
        attended,
        settings);
  }
}
