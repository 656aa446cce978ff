package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TBool;
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
  private static final String IMAGES = "momentum_images";
  private static final String TEXTS = "momentum_texts";
  private static final String IDENTITIES = "identities";

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

  /**
   * An encoded batch.
   *
   * @param batch what the step is given
   * @param temperature after clamping, a scalar
   * @param images states with gradient
   * @param online features with gradient
   * @param slow features of the updated twin, without gradient
   */
  record Rows(
      ImageTextBatch batch,
      Operand<TFloat32> temperature,
      ImageStates images,
      ItcLoss.Features online,
      ItcLoss.Features slow) {

    /** What the queues take of each row. */
    ImmutableMap<String, Operand<?>> features() {
      ImmutableMap.Builder<String, Operand<?>> features = ImmutableMap.builder();
      features.put(IMAGES, slow.image()).put(TEXTS, slow.text());
      batch.identities().ifPresent(identities -> features.put(IDENTITIES, identities));
      return features.buildOrThrow();
    }
  }

  /** Which columns of the batch and the queue are true for each row, {@code [B, B+Q]}. */
  abstract Operand<TFloat32> hardTargets(GraphContext ctx, ImageTextBatch batch);

  /**
   * Weights of drawing negatives.
   *
   * @param similarities with the batch and the queue, {@code [B, B+Q]} in both directions
   */
  abstract HardNegatives.Weights weights(
      GraphContext ctx, Rows rows, ItcLoss.Directions similarities);

  /** A further loss, of texts that are written with the images in view; empty for none. */
  Optional<Operand<TFloat32>> languageLoss(
      GraphContext ctx, ImageTextBatch batch, Attended images) {
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
    Rows rows = rows(ctx, batch);
    return new Encoded(
        rows.features(), (second, all) -> losses(second, rows, all, Optional.empty()));
  }

  /** Adds a step with given negatives in place of drawn ones, for parity checks. */
  public TrainingStep step(GraphContext ctx, ImageTextBatch batch, HardNegatives given) {
    Rows rows = rows(ctx, batch);
    return losses(ctx, rows, rows.features(), Optional.of(given));
  }

  private Rows rows(GraphContext ctx, ImageTextBatch batch) {
    Operand<TFloat32> temperature = state.clampedTemperature(ctx);
    ImageStates images = blip.vision().apply(ctx, batch.pixels());
    ItcLoss.Features online = blip.matching().dual().features(ctx, images, batch.tokens());
    ItcLoss.Features slow = slow(ctx.in("momentum").withValues(momentum.updated(ctx)), batch);
    return new Rows(batch, temperature, images, online, slow);
  }

  private ItcLoss.Features slow(GraphContext ctx, ImageTextBatch batch) {
    DualEncoder encoder = momentum.encoder();
    ImageStates images = encoder.vision().apply(ctx, batch.pixels());
    ItcLoss.Features features = encoder.features(ctx, images, batch.tokens());
    return new ItcLoss.Features(
        ctx.tf().stopGradient(features.image()), ctx.tf().stopGradient(features.text()));
  }

  private TrainingStep losses(
      GraphContext ctx,
      Rows rows,
      Map<String, Operand<?>> gathered,
      Optional<HardNegatives> given) {
    ImageTextBatch batch = rows.batch();
    ItcLoss.Result itc =
        ItcLoss.compute(
            ctx,
            new ItcLoss.Inputs(
                rows.online(),
                rows.slow(),
                state.queue(ctx), // as it is before this step
                rows.temperature(),
                batch.alpha(),
                ctx.trace("hard_targets", hardTargets(ctx, batch))));
    HardNegatives.Weights weights = weights(ctx.in("negatives"), rows, itc.similarities());
    HardNegatives negatives = given.orElseGet(() -> HardNegatives.draw(ctx, weights));
    Attended images = blip.matching().grounded().stack().project(ctx, rows.images().attended());
    ItmLoss.Result itm = itm(ctx, batch, images, negatives);
    Operand<TFloat32> loss = ctx.add(itc.loss(), itm.loss());
    ImmutableMap.Builder<String, Operand<TFloat32>> diagnostics = ImmutableMap.builder();
    diagnostics.put("loss_itc", itc.loss()).put("loss_itm", itm.loss());
    Optional<Operand<TFloat32>> lm = languageLoss(ctx, batch, images);
    if (lm.isPresent()) {
      loss = ctx.add(loss, lm.get());
      diagnostics.put("loss_lm", lm.get());
    }
    diagnostics
        .put("itm_accuracy", itm.accuracy())
        .put("temperature", ctx.tf().stopGradient(rows.temperature()));
    return TrainingStep.of(loss, diagnostics.buildOrThrow(), writes(gathered));
  }

  private ItmLoss.Result itm(
      GraphContext ctx, ImageTextBatch batch, Attended images, HardNegatives negatives) {
    Blip.Matching matching = blip.matching();
    return ItmLoss.compute(
        ctx,
        matching.grounded(),
        matching.head(),
        batch.tokens().withFirst(ctx, blip.config().text().tokens().enc()),
        images,
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

  /** Stores the twin and enqueues the rows of all devices, once all has been read. */
  @SuppressWarnings("unchecked") // gathered under the names and with the types of Rows.features()
  private Function<GraphContext, List<Op>> writes(Map<String, Operand<?>> gathered) {
    ItcLoss.Features all =
        new ItcLoss.Features(
            (Operand<TFloat32>) gathered.get(IMAGES), (Operand<TFloat32>) gathered.get(TEXTS));
    Optional<Operand<TInt64>> owners =
        Optional.ofNullable((Operand<TInt64>) gathered.get(IDENTITIES));
    return after -> {
      List<Op> writes = new ArrayList<>(momentum.store(after));
      writes.addAll(state.enqueue(after, all, owners));
      return writes;
    };
  }

  /** 1 where two rows have different texts, {@code [B, B]}. */
  static Operand<TFloat32> differentTexts(GraphContext ctx, Tokens tokens) {
    Operand<TBool> equal =
        ctx.tf()
            .math
            .equal(ctx.expandDims(tokens.ids(), 0), ctx.expandDims(tokens.ids(), 1)); // [B, B, T]
    return ctx.tf().dtypes.cast(ctx.tf().math.logicalNot(ctx.all(equal, 2)), TFloat32.class);
  }
}
