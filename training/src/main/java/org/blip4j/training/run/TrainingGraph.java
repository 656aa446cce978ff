package org.blip4j.training.run;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.training.input.StepInputs;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.GradientClip;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;

/**
 * A task model with gradients, clipping, optimizer and state updates: everything that one training
 * step runs.
 *
 * <p>All reads of a step come before its writes: losses and gradients, then the model's own state
 * (momentum, queues), then the weights (blip-spec 5.2).
 */
public final class TrainingGraph {

  /** What adds the losses of a step: a task model's {@code step}, or one that keeps its traces. */
  @FunctionalInterface
  public interface Losses {
    /** Adds the operations. */
    TrainingStep add(GraphContext ctx, ImageTextBatch batch);
  }

  /**
   * Settings of a training graph.
   *
   * @param batch sizes of what is fed
   * @param optimizer constants of the optimizer
   * @param seed of dropout and negatives
   */
  public record Settings(StepInputs.BatchShape batch, AdamW.Settings optimizer, long seed) {}

  private final StepInputs inputs;
  private final AdamW optimizer;
  private final TrainingStep step;
  private final ImmutableList<Operand<TFloat32>> gradients;
  private final ImmutableList<String> diagnosticNames;
  private final Operand<TFloat32> diagnostics;
  private final Operation update;
  private final Optional<Operation> start;
  private final Operation initialize;

  private TrainingGraph(
      GraphContext root,
      VariableScope vars,
      TaskModel<ImageTextBatch> model,
      Settings settings,
      Losses losses) {
    this.inputs = StepInputs.create(root, settings.batch());
    GraphContext ctx = root.with(new Randomness(settings.seed(), inputs.step()));
    this.optimizer = AdamW.create(vars, vars.trainable(), settings.optimizer());
    this.step = losses.add(ctx, inputs.batch());
    this.gradients = gradients(ctx, optimizer.trainables());
    GradientClip clip = GradientClip.apply(ctx, gradients, settings.optimizer().clipNorm());
    List<Operand<TFloat32>> values = new ArrayList<>(step.diagnostics().values());
    values.add(clip.norm());
    this.diagnosticNames =
        ImmutableList.<String>builder()
            .addAll(step.diagnostics().keySet())
            .add("gradient_norm")
            .build();
    this.diagnostics = ctx.tf().withName("diagnostics").stack(values);
    List<Op> read = new ArrayList<>(clip.gradients());
    read.add(diagnostics);
    GraphContext afterReads = ctx.after(read);
    List<Op> stateWrites = step.updates().apply(afterReads.in("state"));
    List<Op> writes =
        new ArrayList<>(
            optimizer.apply(
                afterReads.after(stateWrites),
                clip.gradients(),
                inputs.learningRate(),
                inputs.step()));
    writes.addAll(stateWrites);
    this.update = root.after(writes).op("NoOp", "update").build();
    List<Op> first = model.start(root.in("start"));
    this.start =
        first.isEmpty()
            ? Optional.empty()
            : Optional.of(root.after(first).op("NoOp", "start").build());
    this.initialize = vars.initializeAll();
  }

  /** Adds everything for a model whose variables are all of the scope's trainable ones. */
  public static TrainingGraph build(
      GraphContext ctx, VariableScope vars, TaskModel<ImageTextBatch> model, Settings settings) {
    return build(ctx, vars, model, settings, model::step);
  }

  /** The same with other losses, such as ones that take given negatives. */
  public static TrainingGraph build(
      GraphContext ctx,
      VariableScope vars,
      TaskModel<ImageTextBatch> model,
      Settings settings,
      Losses losses) {
    if (!ctx.training()) {
      throw new IllegalArgumentException("a training graph needs a context in mode TRAIN");
    }
    return new TrainingGraph(ctx, vars, model, settings, losses);
  }

  /** What is to be fed. */
  public StepInputs inputs() {
    return inputs;
  }

  /** The optimizer with its explicit list of trainables. */
  public AdamW optimizer() {
    return optimizer;
  }

  /** The losses. */
  public TrainingStep step() {
    return step;
  }

  /** Gradients before clipping, in the order of the optimizer's trainables. */
  public ImmutableList<Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** Names of what {@link #diagnostics} holds: the model's, then {@code gradient_norm}. */
  public ImmutableList<String> diagnosticNames() {
    return diagnosticNames;
  }

  /** All scalars for logs in one vector. */
  public Operand<TFloat32> diagnostics() {
    return diagnostics;
  }

  /** Does one step when run. */
  public Operation update() {
    return update;
  }

  /** Gives every variable its first value. */
  public Operation initialize() {
    return initialize;
  }

  /** To be run once after weights were initialised or loaded: fills the momentum twin. */
  public Optional<Operation> start() {
    return start;
  }

  private ImmutableList<Operand<TFloat32>> gradients(
      GraphContext ctx, List<Variable<TFloat32>> trainables) {
    Output<?>[] handles = trainables.stream().map(Variable::handle).toArray(Output<?>[]::new);
    Output<?>[] found = ctx.graph().addGradients(step.loss().asOutput(), handles);
    return Arrays.stream(found)
        .map(TrainingGraph::asFloat)
        .collect(ImmutableList.toImmutableList());
  }

  @SuppressWarnings("unchecked") // the gradient of a float variable is float
  private static Operand<TFloat32> asFloat(Output<?> output) {
    return (Operand<TFloat32>) output;
  }
}
