package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** Captioning: LM over prompt and caption, the prompt not counting (blip-spec 7.2). */
public final class CaptionModel implements TaskModel<ImageTextBatch> {
  private static final String MASK = "mask";

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
  public ImageTextBatch feeds(GraphContext ctx, TaskBatch.Sizes sizes) {
    return ImageTextBatch.feeds(ctx, sizes, false);
  }

  @Override
  public Encoded encode(GraphContext ctx, ImageTextBatch batch) {
    ImageStates images = blip.vision().apply(ctx, batch.pixels());
    return new Encoded(
        ImmutableMap.of(MASK, batch.tokens().mask()),
        ImmutableMap.of(),
        (second, all) -> {
          LmLoss.Result lm =
              loss(
                  second,
                  batch,
                  images,
                  all.part()
                      .map(
                          part ->
                              LmLoss.divisor(
                                  second, all.all(MASK), part, settings.promptLength())));
          return TrainingStep.withoutWrites(lm.loss(), ImmutableMap.of("loss_lm", lm.loss()));
        });
  }

  /** The language-modelling loss of a batch. */
  public LmLoss.Result loss(GraphContext ctx, ImageTextBatch batch) {
    return loss(ctx, batch, blip.vision().apply(ctx, batch.pixels()), Optional.empty());
  }

  private LmLoss.Result loss(
      GraphContext ctx,
      ImageTextBatch batch,
      ImageStates images,
      Optional<Operand<TFloat32>> divisor) {
    Attended attended = blip.decoder().stack().project(ctx, images.attended());
    return LmLoss.compute(
        ctx,
        blip.decoder(),
        batch.tokens().withFirst(ctx, blip.config().text().tokens().dec()),
        attended,
        settings,
        divisor);
  }
}
