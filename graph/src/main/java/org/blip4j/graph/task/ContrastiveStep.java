package org.blip4j.graph.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.loss.Features;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.ItmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.model.ContrastiveState;
import org.blip4j.graph.model.MomentumTwin;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * What pre-training and retrieval do alike in a step: clamp the temperature, encode the batch
 * online and with the updated momentum twin, contrast both with the queues, match hard negatives,
 * and then store twin and queues (blip-spec 5.2 and 7.1).
 *
 * @param parts the model and its training state
 * @param batch what the step is given
 * @param temperature after clamping, a scalar
 * @param images states with gradient
 * @param online features with gradient
 * @param momentumFeatures features of the updated twin
 * @param updated the twin's values after this step
 */
record ContrastiveStep(
    Parts parts,
    ImageTextBatch batch,
    Operand<TFloat32> temperature,
    ImageStates images,
    Features online,
    Features momentumFeatures,
    Map<Variable<?>, Operand<?>> updated) {

  /**
   * A model with the state of its contrastive training.
   *
   * @param blip the weights
   * @param momentum the encoders that follow
   * @param state temperature and queues
   */
  record Parts(Blip blip, MomentumTwin momentum, ContrastiveState state) {

    /**
     * Creates twin and state after the model's own variables.
     *
     * @param identities whether the queue knows the images of its entries, as in retrieval
     */
    static Parts create(
        VariableScope vars, Blip blip, ObjectiveConfig objective, boolean identities) {
      MomentumTwin momentum =
          MomentumTwin.create(vars, blip.config(), blip.matching().dual(), objective.momentum());
      ContrastiveState state =
          identities
              ? ContrastiveState.createWithIdentities(vars, blip.config(), objective)
              : ContrastiveState.create(vars, blip.config(), objective);
      return new Parts(blip, momentum, state);
    }

    /** Encodes a batch. */
    ContrastiveStep encode(GraphContext ctx, ImageTextBatch batch) {
      Operand<TFloat32> temperature = state.clampedTemperature(ctx);
      ImageStates images = blip.vision().apply(ctx, batch.pixels());
      Features online = blip.matching().dual().features(ctx, images, batch.tokens());
      Map<Variable<?>, Operand<?>> updated = momentum.updated(ctx);
      Features slow = MomentumFeatures.of(ctx.in("momentum").withValues(updated), momentum, batch);
      return new ContrastiveStep(this, batch, temperature, images, online, slow, updated);
    }
  }

  /**
   * The contrastive loss, against the queues as they are before this step.
   *
   * @param hardTargets {@code [B, B+Q]}
   */
  ItcLoss.Result itc(GraphContext ctx, Operand<TFloat32> hardTargets) {
    return ItcLoss.compute(
        ctx,
        new ItcLoss.Inputs(
            online,
            momentumFeatures,
            parts.state().queue(ctx),
            temperature,
            batch.alpha(),
            hardTargets));
  }

  /** The images, projected for the cross-attention of matching. */
  Attended attended(GraphContext ctx) {
    return parts.blip().matching().grounded().stack().project(ctx, images.attended());
  }

  /** The matching loss. */
  ItmLoss.Result itm(GraphContext ctx, Attended attended, HardNegatives negatives) {
    Blip.Matching matching = parts.blip().matching();
    return ItmLoss.compute(
        ctx,
        matching.grounded(),
        matching.head(),
        batch.tokens().withFirst(ctx, parts.blip().config().text().tokens().enc()),
        attended,
        negatives);
  }

  /**
   * Stores the twin and enqueues the batch, once all has been read.
   *
   * @param identities of the batch, if the queue keeps them
   */
  Function<GraphContext, List<Op>> writes(Optional<Operand<TInt64>> identities) {
    return after -> {
      List<Op> writes = new ArrayList<>(parts.momentum().store(after, updated));
      writes.addAll(parts.state().enqueue(after, momentumFeatures, identities));
      return writes;
    };
  }
}
