package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.ItmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.model.ContrastiveState;
import org.blip4j.graph.model.DualEncoder;
import org.blip4j.graph.model.MomentumTwin;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * What pre-training and retrieval do alike in a step: clamp the temperature, encode the batch
 * online and with the updated momentum twin, contrast both with the queues, match hard negatives,
 * and then store twin and queues (blip-spec 5.2 and 7.1). They differ in which pairs are true, in
 * how negatives are weighted, and in the language modelling of pre-training.
 *
 * <p>Traced: what the encoders and losses name, that of the twin under {@code momentum}; {@code
 * hard_targets} {@code [B, B+Q]}; under {@code negatives} what they are drawn by, {@code
 * image_weights} and {@code text_weights} {@code [B, B]}.
 */
public abstract sealed class ContrastiveTask implements TaskModel<ImageTextBatch>
    permits PretrainModel, RetrievalModel {
  static final String IDENTITIES = "identities";

  private final Blip blip;
  private final MomentumTwin momentum;
  private final ContrastiveState state;
  private final ObjectiveConfig objective;
  private final boolean identities;

  /**
   * Creates the model's own variables, then those of twin and state.
   *
   * @param identities whether the queue knows the images of its entries, as in retrieval
   */
  ContrastiveTask(
      VariableScope vars,
      BlipConfig config,
      Task task,
      ObjectiveConfig objective,
      boolean identities) {
    this.blip = Blip.create(vars, config, task);
    this.momentum = MomentumTwin.create(vars, config, blip.matching().dual(), objective.momentum());
    this.state =
        identities
            ? ContrastiveState.createWithIdentities(vars, config, objective)
            : ContrastiveState.create(vars, config, objective);
    this.objective = objective;
    this.identities = identities;
  }

  /** Which columns of the batch and the queue are true for each row, {@code [b, B+Q]}. */
  abstract Operand<TFloat32> hardTargets(GraphContext ctx, ContrastiveRows rows);

  /** What else the losses need of all rows, without gradient. */
  ImmutableMap<String, Operand<?>> moreFeatures(
      GraphContext ctx, ImageTextBatch batch, ImageStates images, Operand<TFloat32> texts) {
    return ImmutableMap.of();
  }

  /**
   * Weights of drawing negatives.
   *
   * @param similarities with the batch and the queue, {@code [b, B+Q]} in both directions
   */
  abstract HardNegatives.Weights weights(
      GraphContext ctx, ContrastiveRows rows, ItcLoss.Directions similarities);

  /**
   * A further loss, of texts that are written with the images in view; empty for none.
   *
   * @param images those of the rows, projected
   */
  Optional<Operand<TFloat32>> languageLoss(
      GraphContext ctx, ContrastiveRows rows, Attended images) {
    return Optional.empty();
  }

  @Override
  public Blip blip() {
    return blip;
  }

  ObjectiveConfig objective() {
    return objective;
  }

  ContrastiveState state() {
    return state;
  }

  @Override
  public List<Op> start(GraphContext ctx) {
    return momentum.copyFromOnline(ctx);
  }

  @Override
  public ImageTextBatch feeds(GraphContext ctx, TaskBatch.Sizes sizes) {
    return ImageTextBatch.feeds(ctx, sizes, identities);
  }

  @Override
  public Encoded encode(GraphContext ctx, ImageTextBatch batch) {
    return encode(ctx, batch, Optional.empty());
  }

  /** Adds a step with given negatives in place of drawn ones, for parity checks. */
  public TrainingStep step(GraphContext ctx, ImageTextBatch batch, HardNegatives given) {
    return encode(ctx, batch, Optional.of(given)).alone(ctx);
  }

  private Encoded encode(GraphContext ctx, ImageTextBatch batch, Optional<HardNegatives> given) {
    Operand<TFloat32> temperature = state.clampedTemperature(ctx);
    DualEncoder dual = blip.matching().dual();
    ImageStates images = blip.vision().apply(ctx, batch.pixels());
    Operand<TFloat32> texts = dual.textFeatures(ctx, batch.tokens());
    ItcLoss.Features slow = slow(ctx.in("momentum").withValues(momentum.updated(ctx)), batch);
    ImmutableMap.Builder<String, Operand<?>> features = ImmutableMap.builder();
    features.putAll(ContrastiveRows.features(slow, batch.tokens()));
    features.putAll(moreFeatures(ctx, batch, images, texts));
    return new Encoded(
        features.buildOrThrow(),
        ImmutableMap.of(ContrastiveRows.STATES, images.hidden()),
        (second, all) -> {
          ImageStates own = new ImageStates(all.own(second, ContrastiveRows.STATES));
          ItcLoss.Features online = new ItcLoss.Features(dual.imageFeatures(second, own), texts);
          return losses(second, new ContrastiveRows(batch, temperature, own, online, all), given);
        });
  }

  private ItcLoss.Features slow(GraphContext ctx, ImageTextBatch batch) {
    DualEncoder encoder = momentum.encoder();
    Operand<TFloat32> images =
        encoder.imageFeatures(ctx, encoder.vision().classStates(ctx, batch.pixels()));
    Operand<TFloat32> texts = encoder.textFeatures(ctx, batch.tokens());
    return new ItcLoss.Features(ctx.tf().stopGradient(images), ctx.tf().stopGradient(texts));
  }

  private TrainingStep losses(
      GraphContext ctx, ContrastiveRows rows, Optional<HardNegatives> given) {
    ItcLoss.Result itc = itc(ctx, rows);
    HardNegatives.Weights weights = weights(ctx.in("negatives"), rows, itc.similarities());
    HardNegatives negatives =
        given.orElseGet(() -> HardNegatives.draw(ctx, weights, rows.gathered().part()));
    ContrastiveRows.Grounded grounded =
        rows.grounded(
            ctx,
            blip.matching().grounded().stack(),
            blip.config().text().tokens().enc(),
            negatives);
    ItmLoss.Result itm =
        ItmLoss.compute(ctx, blip.matching().grounded(), blip.matching().head(), grounded.pairs());
    Operand<TFloat32> loss = ctx.add(itc.loss(), itm.loss());
    ImmutableMap.Builder<String, Operand<TFloat32>> diagnostics = ImmutableMap.builder();
    diagnostics.put("loss_itc", itc.loss()).put("loss_itm", itm.loss());
    Optional<Operand<TFloat32>> lm = languageLoss(ctx, rows, grounded.images());
    if (lm.isPresent()) {
      loss = ctx.add(loss, lm.get());
      diagnostics.put("loss_lm", lm.get());
    }
    diagnostics
        .put("itm_accuracy", itm.accuracy())
        .put("temperature", ctx.tf().stopGradient(rows.temperature()));
    return TrainingStep.of(loss, diagnostics.buildOrThrow(), writes(rows.gathered()));
  }

  private ItcLoss.Result itc(GraphContext ctx, ContrastiveRows rows) {
    return ItcLoss.compute(
        ctx,
        new ItcLoss.Inputs(
            rows.online(),
            rows.slow(ctx),
            ContrastiveRows.allSlow(rows.gathered()),
            state.queue(ctx), // as it is before this step
            rows.temperature(),
            rows.batch().alpha(),
            ctx.trace("hard_targets", hardTargets(ctx, rows))));
  }

  /**
   * Weights of drawing negatives by similarity, of the hardness that is asked for.
   *
   * @param textToImage {@code [b, B]}, over the temperature
   * @param imageToText {@code [b, B]}
   * @param floor added before the true pairs are removed
   * @param wrong {@code [b, B]}, 1 for pairs that may serve as negatives
   */
  HardNegatives.Weights weights(
      GraphContext ctx,
      Operand<TFloat32> textToImage,
      Operand<TFloat32> imageToText,
      float floor,
      Operand<TFloat32> wrong) {
    return new HardNegatives.Weights(
        ctx.trace(
            "image_weights", HardNegatives.weights(ctx, hardened(ctx, textToImage), floor, wrong)),
        ctx.trace(
            "text_weights", HardNegatives.weights(ctx, hardened(ctx, imageToText), floor, wrong)));
  }

  private Operand<TFloat32> hardened(GraphContext ctx, Operand<TFloat32> similarities) {
    double hardness = objective.negativeHardness();
    Operand<TFloat32> constant = ctx.tf().stopGradient(similarities);
    return hardness == 1 ? constant : ctx.mul(constant, (float) hardness);
  }

  /** Stores the twin and enqueues the rows of the whole batch, once all has been read. */
  private Function<GraphContext, List<Op>> writes(Encoded.Gathered gathered) {
    Optional<Operand<TInt64>> owners =
        identities ? Optional.of(gathered.all(IDENTITIES)) : Optional.empty();
    return after -> {
      List<Op> writes = new ArrayList<>(momentum.store(after));
      writes.addAll(state.enqueue(after, ContrastiveRows.allSlow(gathered), owners));
      return writes;
    };
  }
}
