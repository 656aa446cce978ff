package org.blip4j.graph.task;

import org.blip4j.graph.loss.Features;
import org.blip4j.graph.model.DualEncoder;
import org.blip4j.graph.model.MomentumTwin;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;

/** Features of a batch from the momentum twin, without gradient. */
final class MomentumFeatures {
  private MomentumFeatures() {}

  /**
   * Encodes the batch.
   *
   * @param ctx a context with the twin's updated values
   */
  static Features of(GraphContext ctx, MomentumTwin twin, ImageTextBatch batch) {
    DualEncoder encoder = twin.encoder();
    ImageStates images = encoder.vision().apply(ctx, batch.pixels());
    Features features = encoder.features(ctx, images, batch.tokens());
    return new Features(
        ctx.tf().stopGradient(features.image()), ctx.tf().stopGradient(features.text()));
  }
}
