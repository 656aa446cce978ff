package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.DecayScope;
import org.blip4j.training.optimize.GradientClip;
import org.blip4j.training.run.TrainingGraph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * A training graph that is filled from a golden's weights, fed one batch at a time with given
 * negatives, and speaks the published names.
 */
final class TrainingCheck implements AutoCloseable {

  /** Adds a step with given negatives; keeps what lies between under names of its own. */
  interface Losses {
    TrainingStep add(
        GraphContext ctx,
        ImageTextBatch batch,
        HardNegatives given,
        Map<String, Operand<?>> intermediate);
  }

  /**
   * What is fed.
   *
   * @param pixels {@code [B, C, H, W]}
   * @param ids {@code [B, T]}
   * @param mask {@code [B, T]}
   * @param alpha weight of the soft targets
   * @param stepsBefore steps taken before this one
   * @param imageForText drawn negatives
   * @param textForImage drawn negatives
   * @param identities numbers of the images, null in pre-training
   */
  record Batch(
      Values pixels,
      Values ids,
      Values mask,
      double alpha,
      long stepsBefore,
      Values imageForText,
      Values textForImage,
      Values identities) {}

  private final GoldenGraph graph;
  private final TrainingGraph<ImageTextBatch> training;
  private final PublishedVariables official;
  private final List<Variable<?>> weights;
  private final boolean shared;
  private final double learningRate;
  private final HardNegatives given;
  private final Map<String, Operand<?>> intermediate = new LinkedHashMap<>();

  TrainingCheck(
      GoldenGraph.Machine machine,
      GoldenConfig config,
      boolean shared,
      BiFunction<VariableScope, GoldenConfig, TaskModel<ImageTextBatch>> factory,
      LossesOf losses) {
    this.graph = GoldenGraph.create(Mode.TRAIN, machine);
    this.shared = shared;
    this.official = PublishedVariables.official(shared);
    TaskModel<ImageTextBatch> model = factory.apply(graph.vars(), config);
    this.weights = List.copyOf(graph.vars().all());
    this.given = new HardNegatives(ints("negative_images"), ints("negative_texts"));
    JsonNode optimizer = config.node().path("optimizer");
    this.learningRate = optimizer.path("lr").doubleValue();
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
    this.training =
        TrainingGraph.build(
            graph.ctx(),
            graph.vars(),
            model,
            new TrainingGraph.Settings(
                new TaskBatch.Sizes(-1, config.vision().imageSize(), -1), settings, 1),
            (ctx, batch) -> losses.of(model).add(ctx, batch, given, intermediate));
    graph.run(training.initialize());
  }

  /** The losses of a model. */
  interface LossesOf {
    Losses of(TaskModel<ImageTextBatch> model);
  }

  private Operand<TInt32> ints(String name) {
    return graph
        .ctx()
        .tf()
        .withName(name)
        .placeholder(TInt32.class, Placeholder.shape(Shape.of(-1)));
  }

  /** Fills all weights and states of the model from a checkpoint. */
  void load(Path file) throws IOException {
    graph.load(file, weights, shared);
  }

  /** Gives one variable, by its published name, a value. */
  void set(String published, Values value) {
    for (Variable<?> variable : weights) {
      if (official.name(variable).name().equals(published)) {
        graph.assign(Map.of(variable, value.reshape(variable.shape().asArray())));
      }
    }
  }

  /** Sets the moments of the optimizer to those after a first step with these gradients. */
  void restart(GoldenTensors gradients, JsonNode optimizer) throws IOException {
    double beta1 = optimizer.path("betas").path(0).doubleValue();
    double beta2 = optimizer.path("betas").path(1).doubleValue();
    Map<Variable<?>, Values> moments = new LinkedHashMap<>();
    for (Variable<TFloat32> variable : training.optimizer().trainables()) {
      WeightNames.Published name = official.name(variable);
      Values stored = gradients.get(name.name());
      float[] ours =
          variable.shape().size() == 1
              ? stored.floats()
              : name.layout().toOurs(stored.floats(), Shape.of(stored.shape()));
      double[] first = new double[ours.length];
      double[] second = new double[ours.length];
      for (int i = 0; i < ours.length; i++) {
        first[i] = (1 - beta1) * ours[i];
        second[i] = (1 - beta2) * ours[i] * ours[i];
      }
      long[] shape = variable.shape().asArray();
      moments.put(graph.vars().get("optimizer/m/" + variable.name()), new Values(shape, first));
      moments.put(graph.vars().get("optimizer/v/" + variable.name()), new Values(shape, second));
    }
    graph.assign(moments);
  }

  /**
   * Computes a step: what lies between under its own names, gradients as {@code grad.NAME}.
   *
   * @param update whether the step is done, or only looked at
   */
  Map<String, Values> run(Batch batch, boolean update) {
    Map<String, Operand<?>> fetches = new LinkedHashMap<>(intermediate);
    List<Variable<TFloat32>> trainables = training.optimizer().trainables();
    for (int i = 0; i < trainables.size(); i++) {
      fetches.put("grad." + trainables.get(i).name(), training.gradients().get(i));
    }
    ImageTextBatch inputs = training.batch();
    Map<Operand<?>, Values> feeds = new LinkedHashMap<>();
    feeds.put(inputs.pixels(), batch.pixels().channelsLast());
    feeds.put(inputs.tokens().ids(), batch.ids());
    feeds.put(inputs.tokens().mask(), batch.mask());
    feeds.put(inputs.alpha(), scalar(batch.alpha()));
    feeds.put(training.learningRate(), scalar(learningRate));
    feeds.put(training.taken(), scalar((double) batch.stepsBefore()));
    feeds.put(given.imageForText(), batch.imageForText());
    feeds.put(given.textForImage(), batch.textForImage());
    inputs.identities().ifPresent(operand -> feeds.put(operand, batch.identities()));
    List<Operation> targets = update ? List.of(training.update()) : List.of();
    Map<String, Values> computed = graph.run(fetches, feeds, targets);
    for (Variable<TFloat32> variable : trainables) {
      Values gradient = computed.remove("grad." + variable.name());
      computed.put(
          "grad." + official.name(variable).name(), official.toPublished(variable, gradient));
    }
    return computed;
  }

  /** All weights and states under their published names, in the published layout. */
  Map<String, Values> state() {
    Map<String, Operand<?>> fetches = new LinkedHashMap<>();
    weights.forEach(variable -> fetches.put(variable.name(), variable.value()));
    Map<String, Values> computed = graph.run(fetches, Map.of());
    Map<String, Values> state = new LinkedHashMap<>();
    for (Variable<?> variable : weights) {
      state.put(
          official.name(variable).name(),
          official.toPublished(variable, computed.get(variable.name())));
    }
    return state;
  }

  /** Published names of all trainable variables. */
  List<String> trainables() {
    List<String> published = new ArrayList<>();
    training.optimizer().trainables().forEach(v -> published.add(official.name(v).name()));
    return published;
  }

  private static Values scalar(double value) {
    return new Values(new long[0], new double[] {value});
  }

  @Override
  public void close() {
    graph.close();
  }
}
