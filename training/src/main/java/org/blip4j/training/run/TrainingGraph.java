package org.blip4j.training.run;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.GradientClip;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * A task model with gradients, clipping, optimizer and state updates: everything that one training
 * step runs.
 *
 * <p>All reads of a step come before its writes: losses and gradients, then the model's own state
 * (momentum, queues), then the weights (blip-spec 5.2).
 *
 * @see Trainer
 */
public final class TrainingGraph<B extends TaskBatch<B>> {

  /** What adds the losses of a step: a task model's {@code step}, or one that keeps its traces. */
  @FunctionalInterface
  public interface Losses<B extends TaskBatch<B>> {
    /** Adds the operations. */
    TrainingStep add(GraphContext ctx, B batch);
  }

  /**
   * Settings of a training graph.
   *
   * @param batch sizes of what is fed: of the rows of this process
   * @param optimizer constants of the optimizer
   * @param seed of dropout and negatives
   * @param division of the batch
   */
  public record Settings(
      TaskBatch.Sizes batch, AdamW.Settings optimizer, long seed, RunPlan.Division division) {

    /** Those of a batch that one device computes at once. */
    public Settings(TaskBatch.Sizes batch, AdamW.Settings optimizer, long seed) {
      this(batch, optimizer, seed, RunPlan.Division.NONE);
    }

    /** Checks that the parts are equal. */
    public Settings {
      division.requireParts(batch.rows() * division.cluster().size());
    }
  }

  private final B batch;
  private final Operand<TFloat32> learningRate;
  private final Operand<TInt64> taken;
  private final AdamW optimizer;
  private final TrainingStep step;
  private final Optional<Accumulation> accumulation;
  private final Replicas replicas;
  private final ImmutableList<Operand<TFloat32>> gradients;
  private final ImmutableList<String> diagnosticNames;
  private final Operand<TFloat32> diagnostics;
  private final Operation update;
  private final Optional<Operation> start;
  private final Operation initialize;

  private TrainingGraph(
      GraphContext root,
      VariableScope vars,
      TaskModel<B> model,
      Settings settings,
      Losses<B> losses) {
    this.batch = model.feeds(root, settings.batch());
    this.learningRate = TaskBatch.input(root, "learning_rate", TFloat32.class, Shape.scalar());
    this.taken = TaskBatch.input(root, "step", TInt64.class, Shape.scalar());
    GraphContext ctx = root.with(new Randomness(settings.seed(), taken));
    this.replicas = new Replicas(settings.division().cluster());
    this.optimizer = AdamW.create(vars, vars.trainable(), settings.optimizer());
    if (settings.division().parts() > 1) {
      DividedStep<B> divided =
          new DividedStep<>(ctx, model, batch, settings, replicas, optimizer.trainables());
      this.step = divided.step();
      this.gradients = divided.gradients();
      this.accumulation = divided.accumulation();
    } else {
      this.step = losses.add(ctx, batch);
      this.gradients = gradients(ctx, optimizer.trainables());
      this.accumulation = Optional.empty();
    }
    GradientClip clip =
        GradientClip.apply(
            ctx,
            gradients,
            optimizer.trainables(),
            settings.optimizer().clipNorm(),
            settings.optimizer().clipped());
    List<Operand<TFloat32>> values = new ArrayList<>(step.diagnostics().values());
    values.add(clip.norm());
    values.addAll(clip.partNorms().values());
    this.diagnosticNames =
        ImmutableList.<String>builder()
            .addAll(step.diagnostics().keySet())
            .add(StepReport.GRADIENT_NORM)
            .addAll(
                clip.partNorms().keySet().stream()
                    .map(part -> StepReport.GRADIENT_NORM + "/" + part)
                    .toList())
            .build();
    this.diagnostics = ctx.tf().withName("diagnostics").stack(values);
    List<Op> read = new ArrayList<>(clip.gradients());
    read.add(diagnostics);
    GraphContext afterReads = ctx.after(read);
    List<Op> stateWrites = step.updates().apply(afterReads.in("state"));
    List<Op> writes =
        new ArrayList<>(
            optimizer.apply(afterReads.after(stateWrites), clip.gradients(), learningRate, taken));
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
  public static <B extends TaskBatch<B>> TrainingGraph<B> build(
      GraphContext ctx, VariableScope vars, TaskModel<B> model, Settings settings) {
    return build(ctx, vars, model, settings, model::step);
  }

  /** The same with other losses, such as ones that take given negatives. */
  public static <B extends TaskBatch<B>> TrainingGraph<B> build(
      GraphContext ctx,
      VariableScope vars,
      TaskModel<B> model,
      Settings settings,
      Losses<B> losses) {
    if (!ctx.training()) {
      throw new IllegalArgumentException("a training graph needs a context in mode TRAIN");
    }
    return new TrainingGraph<>(ctx, vars, model, settings, losses);
  }

  /** What is to be fed by the data, and {@link TaskBatch#ALPHA}. */
  public B batch() {
    return batch;
  }

  /** To be fed, a scalar. */
  public Operand<TFloat32> learningRate() {
    return learningRate;
  }

  /** Steps taken before this one, to be fed, a scalar. */
  public Operand<TInt64> taken() {
    return taken;
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

  /**
   * Names of what {@link #diagnostics} holds: the model's, then {@code gradient_norm} and {@code
   * gradient_norm/PART} for each part of the model.
   */
  public ImmutableList<String> diagnosticNames() {
    return diagnosticNames;
  }

  /** All scalars for logs in one vector. */
  public Operand<TFloat32> diagnostics() {
    return diagnostics;
  }

  /** What runs before {@link #update}, where a batch is computed part after part. */
  Optional<Accumulation> accumulation() {
    return accumulation;
  }

  /** What exchanges values with other processes. */
  Replicas replicas() {
    return replicas;
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
    Map<Output<?>, Operand<TFloat32>> found =
        Gradients.of(
            ctx.in("gradients"),
            Map.of(step.loss(), ctx.tf().constant(1f)),
            trainables.stream().map(Variable::handle).toList());
    return trainables.stream()
        .map(weight -> Gradients.at(found, weight))
        .collect(ImmutableList.toImmutableList());
  }
}
