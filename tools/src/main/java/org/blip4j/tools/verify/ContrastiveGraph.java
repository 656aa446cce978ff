package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.task.ContrastiveTask;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.DecayScope;
import org.blip4j.training.optimize.GradientClip;
import org.blip4j.training.run.TrainingGraph;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The training graph of pre-training or retrieval, filled from a golden's weights, fed one batch at
 * a time with given negatives; it speaks the names of goldens.
 */
final class ContrastiveGraph implements AutoCloseable {
  /** What goldens call the intermediates that the models name. */
  private static final ImmutableMap<String, String> TRACED =
      ImmutableMap.<String, String>builder()
          .put("image_feat", "image_features/normal")
          .put("text_feat", "text_features/normal")
          .put("image_feat_m", "momentum/image_features/normal")
          .put("text_feat_m", "momentum/text_features/normal")
          .put("loss_ita", "itc/loss")
          .put("loss_i2t", "itc/loss_i2t")
          .put("loss_t2i", "itc/loss_t2i")
          .put("sim_i2t", "itc/similarity_i2t")
          .put("sim_t2i", "itc/similarity_t2i")
          .put("sim_i2t_m", "itc/momentum_similarity_i2t")
          .put("sim_t2i_m", "itc/momentum_similarity_t2i")
          .put("sim_i2t_targets", "itc/targets_i2t")
          .put("sim_t2i_targets", "itc/targets_t2i")
          .put("weights_t2i", "negatives/image_weights")
          .put("weights_i2t", "negatives/text_weights")
          .put("loss_itm", "itm/loss")
          .put("itm_logits", "itm/logits")
          .put("itm_labels", "itm/labels")
          .buildOrThrow();

  private static final ImmutableMap<String, String> TRACED_OF_TEXTS =
      ImmutableMap.of(
          "loss_lm", "lm/loss",
          "lm_token_loss", "lm/token_loss",
          "lm_logits", "lm/logits",
          "decoder_targets", "lm/targets");

  private final GoldenRun run;
  private final GoldenModel golden;
  private final GoldenGraph graph;
  private final boolean pretraining;
  private final OfficialParameters official;
  private final List<Variable<?>> weights;
  private final HardNegatives given;
  private final TrainingGraph<ImageTextBatch> training;
  private final Trace trace = new Trace();

  /** Adds pre-training, otherwise retrieval. */
  ContrastiveGraph(GoldenRun run, GoldenModel golden, boolean pretraining) {
    this.run = run;
    this.golden = golden;
    this.pretraining = pretraining;
    this.graph = new GoldenGraph(run, Mode.TRAIN);
    this.official = OfficialParameters.of(pretraining);
    ContrastiveTask model =
        pretraining
            ? PretrainModel.create(graph.vars(), golden.config(), golden.objective())
            : RetrievalModel.create(graph.vars(), golden.config(), golden.objective());
    this.weights = List.copyOf(graph.vars().all());
    Placeholder.Options rows = Placeholder.shape(Shape.of(-1));
    this.given =
        new HardNegatives(
            graph.ctx().tf().placeholder(TInt32.class, rows),
            graph.ctx().tf().placeholder(TInt32.class, rows));
    JsonNode optimizer = golden.node().path("optimizer");
    AdamW.Settings settings =
        new AdamW.Settings(
            optimizer.path("betas").path(0).doubleValue(),
            optimizer.path("betas").path(1).doubleValue(),
            optimizer.path("eps").doubleValue(),
            optimizer.path("weight_decay").doubleValue(),
            DecayScope.ALL,
            Optional.empty(),
            GradientClip.Scope.ALL,
            1);
    TaskBatch.Sizes sizes = new TaskBatch.Sizes(-1, golden.config().vision().imageSize(), -1);
    this.training =
        TrainingGraph.build(
            graph.ctx(),
            graph.vars(),
            model,
            new TrainingGraph.Settings(sizes, settings, 1),
            (ctx, batch) -> model.step(ctx.with(trace), batch, given));
    graph.compute(training.initialize());
  }

  /** Fills all weights and states of the model from a checkpoint. */
  void load(Path file) throws IOException {
    graph.load(file, weights, pretraining);
  }

  /** Gives one variable, by its published name, a value. */
  void set(String published, double value) {
    for (Variable<?> variable : weights) {
      if (official.name(variable).equals(published)) {
        graph.assign(Map.of(variable, Values.scalar(value)));
      }
    }
  }

  /** Sets the moments of the optimizer to those after a first step with these gradients. */
  void restart(Golden.Tensors gradients) throws IOException {
    Map<Variable<?>, Values> moments = new LinkedHashMap<>();
    JsonNode betas = golden.node().path("optimizer").path("betas");
    for (Variable<TFloat32> variable : training.optimizer().trainables()) {
      Values gradient = official.toOurs(variable, gradients.get(official.name(variable)));
      double[] first = gradient.data().clone();
      double[] second = gradient.data().clone();
      for (int i = 0; i < first.length; i++) {
        first[i] *= 1 - betas.path(0).doubleValue();
        second[i] *= (1 - betas.path(1).doubleValue()) * second[i];
      }
      moments.put(
          graph.vars().get("optimizer/m/" + variable.name()), new Values(gradient.shape(), first));
      moments.put(
          graph.vars().get("optimizer/v/" + variable.name()), new Values(gradient.shape(), second));
    }
    graph.assign(moments);
  }

  /** Feeds a batch; its ids and the negatives, which are given, become outputs. */
  void feed(TokenBatch captions, Values image, String prefix) throws IOException {
    run.add(prefix + "input_ids", Values.ids(captions));
    run.add(prefix + "attention_mask", Values.mask(captions));
    run.add(
        prefix + "encoder_input_ids", Values.ids(captions.withFirstToken(golden.tokens().enc())));
    run.add(
        prefix + "decoder_input_ids", Values.ids(captions.withFirstToken(golden.tokens().dec())));
    ImageTextBatch batch = training.batch();
    graph.feed(batch.pixels(), image.channelsLast());
    graph.feed(batch.tokens().ids(), Values.ids(captions));
    graph.feed(batch.tokens().mask(), Values.mask(captions));
    graph.feed(given.imageForText(), run.given(prefix + "neg_image_for_text"));
    graph.feed(given.textForImage(), run.given(prefix + "neg_text_for_image"));
    if (batch.identities().isPresent()) {
      graph.feed(batch.identities().get(), run.inputs().get("idx"));
    }
  }

  /**
   * Computes a step: what lies between, and gradients as {@code grad.NAME}.
   *
   * @param alpha weight of the soft targets
   * @param before steps taken before this one
   * @param update whether the step is done, or only looked at
   */
  Map<String, Values> step(String prefix, double alpha, long before, boolean update) {
    JsonNode rate = golden.node().path("optimizer").path("lr");
    graph.feed(training.batch().alpha(), Values.scalar(alpha));
    graph.feed(training.learningRate(), Values.scalar(rate.doubleValue()));
    graph.feed(training.taken(), Values.scalar((double) before));
    graph.fetch(prefix, trace, TRACED);
    if (pretraining) {
      graph.fetch(prefix, trace, TRACED_OF_TEXTS);
    } else {
      GraphContext ctx = graph.ctx();
      graph.fetch(prefix + "sim_targets", trace.get("hard_targets"));
      graph.fetch(prefix + "idx_all", ctx.expandDims(trace.get("identities"), 0));
      graph.fetch(prefix + "mask_same_image", ctx.sub(1, trace.floats("negatives/wrong")));
    }
    official.fetch(
        graph, prefix + "grad.", training.optimizer().trainables(), training.gradients());
    return graph.compute(update ? new Operation[] {training.update()} : new Operation[0]);
  }

  /** All weights and states under their published names. */
  Map<String, Values> state(String prefix) {
    official.fetch(graph, prefix, weights, weights.stream().map(Variable::value).toList());
    return graph.compute();
  }

  @Override
  public void close() {
    graph.close();
  }
}
