package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
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
import org.blip4j.graph.model.DualEncoder;
import org.blip4j.graph.model.MomentumTwin;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * What pre-training and retrieval do alike in a step: clamp the temperature, encode the batch
 * online and with the updated momentum twin, contrast both with the queues, match hard negatives,
 * and then store twin and queues (blip-spec 5.2 and 7.1).
 *
 * @param blip the weights
 * @param momentum the encoders that follow
 * @param state temperature and queues
 * @param objective constants of the losses
 */
record ContrastiveTask(
    Blip blip, MomentumTwin momentum, ContrastiveState state, ObjectiveConfig objective) {
  private static final String IMAGES = "momentum_images";
  private static final String TEXTS = "momentum_texts";
  private static final String IDENTITIES = "identities";

  /**
   * Creates twin and state after the model's own variables.
   *
   * @param identities whether the queue knows the images of its entries, as in retrieval
   */
  static ContrastiveTask create(
      VariableScope vars, Blip blip, ObjectiveConfig objective, boolean identities) {
    MomentumTwin momentum =
        MomentumTwin.create(vars, blip.config(), blip.matching().dual(), objective.momentum());
    ContrastiveState state =
        identities
            ? ContrastiveState.createWithIdentities(vars, blip.config(), objective)
            : ContrastiveState.create(vars, blip.config(), objective);
    return new ContrastiveTask(blip, momentum, state, objective);
  }

  /**
   * An encoded batch.
   *
   * @param task of which it is
   * @param batch what the step is given
   * @param temperature after clamping, a scalar
   * @param images states with gradient
   * @param online features with gradient
   * @param slow features of the updated twin, without gradient
   * @param updated the twin's values after this step
   */
  record Rows(
      ContrastiveTask task,
      ImageTextBatch batch,
      Operand<TFloat32> temperature,
      ImageStates images,
      Features online,
      Features slow,
      Map<Variable<?>, Operand<?>> updated) {

    /** What the queues take of each row. */
    ImmutableMap<String, Operand<?>> features() {
      ImmutableMap.Builder<String, Operand<?>> features = ImmutableMap.builder();
      features.put(IMAGES, slow.image()).put(TEXTS, slow.text());
      batch.identities().ifPresent(identities -> features.put(IDENTITIES, identities));
      return features.buildOrThrow();
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
              online, slow, task.state.queue(ctx), temperature, batch.alpha(), hardTargets));
    }

    /** The images, projected for the cross-attention of matching. */
    Attended attended(GraphContext ctx) {
      return task.blip.matching().grounded().stack().project(ctx, images.attended());
    }

    /** The matching loss. */
    ItmLoss.Result itm(GraphContext ctx, Attended attended, HardNegatives negatives) {
      Blip.Matching matching = task.blip.matching();
      return ItmLoss.compute(
          ctx,
          matching.grounded(),
          matching.head(),
          batch.tokens().withFirst(ctx, task.blip.config().text().tokens().enc()),
          attended,
          negatives);
    }

    /**
     * Weights of drawing negatives by similarity, of the hardness that is asked for.
     *
     * @param textToImage {@code [B, B]}, over the temperature
     * @param imageToText {@code [B, B]}
     * @param floor added before the true pairs are removed
     * @param wrong {@code [B, B]}, 1 for pairs that may serve as negatives
     */
    HardNegatives.Weights weights(
        GraphContext ctx,
        Operand<TFloat32> textToImage,
        Operand<TFloat32> imageToText,
        float floor,
        Operand<TFloat32> wrong) {
      return new HardNegatives.Weights(
          HardNegatives.weights(ctx, hardened(ctx, textToImage), floor, wrong),
          HardNegatives.weights(ctx, hardened(ctx, imageToText), floor, wrong));
    }

    private Operand<TFloat32> hardened(GraphContext ctx, Operand<TFloat32> similarities) {
      double hardness = task.objective.negativeHardness();
      Operand<TFloat32> constant = ctx.tf().stopGradient(similarities);
      return hardness == 1 ? constant : ctx.mul(constant, (float) hardness);
    }

    /**
     * Stores the twin and enqueues the rows of all devices, once all has been read.
     *
     * @param gathered {@link #features} of all rows
     */
    @SuppressWarnings("unchecked") // gathered under the names and with the types of features()
    Function<GraphContext, List<Op>> writes(Map<String, Operand<?>> gathered) {
      Features all =
          new Features(
              (Operand<TFloat32>) gathered.get(IMAGES), (Operand<TFloat32>) gathered.get(TEXTS));
      Optional<Operand<TInt64>> identities =
          Optional.ofNullable((Operand<TInt64>) gathered.get(IDENTITIES));
      return after -> {
        List<Op> writes = new ArrayList<>(task.momentum.store(after, updated));
        writes.addAll(task.state.enqueue(after, all, identities));
        return writes;
      };
    }
  }

  /** Encodes a batch. */
  Rows encode(GraphContext ctx, ImageTextBatch batch) {
    Operand<TFloat32> temperature = state.clampedTemperature(ctx);
    ImageStates images = blip.vision().apply(ctx, batch.pixels());
    Features online = blip.matching().dual().features(ctx, images, batch.tokens());
    Map<Variable<?>, Operand<?>> updated = momentum.updated(ctx);
    Features slow = slow(ctx.in("momentum").withValues(updated), batch);
    return new Rows(this, batch, temperature, images, online, slow, updated);
  }

  private Features slow(GraphContext ctx, ImageTextBatch batch) {
    DualEncoder encoder = momentum.encoder();
    ImageStates images = encoder.vision().apply(ctx, batch.pixels());
    Features features = encoder.features(ctx, images, batch.tokens());
    return new Features(
        ctx.tf().stopGradient(features.image()), ctx.tf().stopGradient(features.text()));
  }

  /** 1 where two rows have different texts, {@code [B, B]}. */
  static Operand<TFloat32> differentTexts(GraphContext ctx, Tokens tokens) {
    Operand<TBool> equal =
        ctx.tf()
            .math
            .equal(ctx.expandDims(tokens.ids(), 0), ctx.expandDims(tokens.ids(), 1)); // [B, B, T]
    return inverse(ctx, ctx.all(equal, 2));
  }

  /** 1 where two rows have different identities, {@code [B, B]}. */
  static Operand<TFloat32> differentIdentities(GraphContext ctx, Operand<TInt64> identities) {
    return inverse(
        ctx, ctx.tf().math.equal(ctx.expandDims(identities, 0), ctx.expandDims(identities, 1)));
  }

  private static Operand<TFloat32> inverse(GraphContext ctx, Operand<TBool> equal) {
    return ctx.tf().dtypes.cast(ctx.tf().math.logicalNot(equal), TFloat32.class);
  }
}
