package org.blip4j.training.run;

import com.google.common.collect.ImmutableList;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.graph.weights.VariableValues;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TFInvalidArgumentException;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.proto.RunMetadata;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * The graph of a run with its session: steps, saving and restoring. Not for several threads.
 *
 * @see Trainer
 */
public final class TrainingSession implements Closeable {
  private final Graph graph;
  private final Task task;
  private final TrainingGraph<?> training;
  private final ImmutableList<Variable<?>> variables;
  private final SaverNodes whole;
  private final SaverNodes model;
  private final VariableFeed feed;
  private final Operation finite;
  private final Peers peers;
  private final Session session;

  /**
   * The scalars of one step.
   *
   * @param alpha weight of the soft targets
   * @param learningRate of this step
   * @param step steps taken before
   */
  public record Scalars(double alpha, double learningRate, long step) {}

  /** A session over a new graph. */
  public static TrainingSession open(RunPlan plan) {
    return open(plan, new Graph());
  }

  /** A session over a graph that it owns from now on: closed also where nothing comes of it. */
  static TrainingSession open(RunPlan plan, Graph graph) {
    try {
      return new TrainingSession(graph, plan);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  private TrainingSession(Graph graph, RunPlan plan) {
    RunConfig config = plan.config();
    this.graph = graph;
    this.task = config.task();
    Mode mode = config.duration().recompute() ? Mode.TRAIN_RECOMPUTING : Mode.TRAIN;
    GraphContext ctx = plan.kernels().on(GraphContext.create(graph, mode));
    VariableScope vars =
        VariableScope.root(ctx, config.seed(), plan.architecture().initialization());
    TaskModel<?> taskModel = config.part().model(vars, plan.architecture(), plan.promptTokens());
    List<Variable<TFloat32>> weights = vars.trainable();
    this.training =
        TrainingGraph.build(
            ctx,
            vars,
            taskModel,
            new TrainingGraph.Settings(
                new TaskBatch.Sizes(
                    plan.division().ownRows(config.duration().batch()),
                    plan.architecture().vision().imageSize(),
                    config.text().columns()),
                config.optimizer(),
                config.seed(),
                plan.division()));
    this.variables = ImmutableList.copyOf(vars.all());
    this.whole = SaverNodes.create(ctx.in("checkpoint"), variables);
    this.model = SaverNodes.create(ctx.in("model"), weights);
    this.feed = new VariableFeed(ctx, weights);
    this.finite = SaverNodes.finite(ctx, variables);
    this.peers = new Peers(ctx, training.replicas(), variables);
    this.session = peers.open(graph, plan.kernels().sessionFrom(plan.session(), mode));
  }

  /** The step's graph. */
  public TrainingGraph<?> training() {
    return training;
  }

  /** The processes that train together. */
  Peers peers() {
    return peers;
  }

  /** The graph, for audits. */
  Graph graph() {
    return graph;
  }

  /** Everything that is ever run. */
  List<Operation> targets() {
    List<Operation> targets =
        new ArrayList<>(
            List.of(
                training.update(),
                training.diagnostics().op(),
                training.initialize(),
                finite,
                whole.done().op(),
                whole.restoreAll().op(),
                model.done().op(),
                model.restoreAll().op()));
    training.start().ifPresent(targets::add);
    targets.addAll(feed.operations());
    targets.addAll(peers.targets());
    return targets;
  }

  /** All variables, in the order of their creation. */
  ImmutableList<Variable<?>> variables() {
    return variables;
  }

  /**
   * Gives every variable its first value, from a model where one is given.
   *
   * @return what became of every tensor of that model
   * @throws IOException in one line that lists every variable that the model has no value for
   */
  public Optional<ImportReport> initialize(Optional<StartingModel> init) throws IOException {
    run(training.initialize());
    Optional<ImportReport> report = Optional.empty();
    if (init.isPresent()) {
      report = Optional.of(fill(init.get()));
    }
    training.start().ifPresent(this::run);
    return report;
  }

  private ImportReport fill(StartingModel init) throws IOException {
    List<VariableValues.Wanted> wanted = new ArrayList<>();
    for (Variable<TFloat32> variable : training.optimizer().trainables()) {
      wanted.add(new VariableValues.Wanted(variable.name(), variable.shape()));
    }
    try (WeightFile file = init.weights().open()) {
      WeightImporter weights = StartingModel.plan(file, task, wanted);
      for (VariableValues.Wanted variable : weights.variables()) {
        feed.set(session, variable.name(), weights.floats(variable.name()));
      }
      return weights.report();
    }
  }

  /**
   * Does one step and returns its diagnostics, in the order of their names.
   *
   * @param batch what is fed, by the names of {@link TaskBatch#feeds}; {@link TaskBatch#ALPHA} is
   *     one of the scalars
   */
  public float[] step(Function<String, Tensor> batch, Scalars scalars) {
    return step(batch, scalars, this::diagnostics);
  }

  /** Does one step and tells when each operation ran, without what parts of a batch run before. */
  public RunMetadata trace(Function<String, Tensor> batch, Scalars scalars) {
    RunOptions traced =
        RunOptions.newBuilder().setTraceLevel(RunOptions.TraceLevel.FULL_TRACE).build();
    return step(
        batch,
        scalars,
        runner -> {
          try (Result result = runner.setOptions(traced).runAndFetchMetadata()) {
            return result.getMetadata().orElseThrow();
          }
        });
  }

  private <R> R step(
      Function<String, Tensor> batch, Scalars scalars, Function<Session.Runner, R> update) {
    try (TFloat32 alpha = TFloat32.scalarOf((float) scalars.alpha());
        TFloat32 rate = TFloat32.scalarOf((float) scalars.learningRate());
        TInt64 step = TInt64.scalarOf(scalars.step())) {
      Consumer<Session.Runner> feeds =
          runner -> {
            runner.feed(training.learningRate(), rate).feed(training.taken(), step);
            training
                .batch()
                .feeds()
                .forEach(
                    (name, operand) ->
                        runner.feed(
                            operand, name.equals(TaskBatch.ALPHA) ? alpha : batch.apply(name)));
          };
      Session.Runner runner =
          session.runner().addTarget(training.update()).fetch(training.diagnostics());
      feeds.accept(runner);
      if (training.accumulation().isEmpty()) {
        return update.apply(runner);
      }
      try (Fed parts = training.accumulation().get().run(session, feeds)) {
        parts.feed(runner);
        return update.apply(runner);
      }
    }
  }

  private float[] diagnostics(Session.Runner runner) {
    try (Result result = runner.run()) {
      float[] values = new float[training.diagnosticNames().size()];
      ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(values);
      return values;
    }
  }

  /** Names a variable with numbers that are not finite, and says what they are; empty if none. */
  Optional<String> notFinite() {
    try {
      run(finite);
      return Optional.empty();
    } catch (TFInvalidArgumentException e) {
      return Optional.of(line(e).replaceFirst(" : Tensor had ", " has "));
    }
  }

  /** Writes everything that a continued run needs. */
  void saveWhole(String prefix) throws IOException {
    save(whole, prefix);
  }

  /** Writes the weights alone. */
  void saveModel(String prefix) throws IOException {
    save(model, prefix);
  }

  /** Reads what {@link #saveWhole} wrote. */
  void restore(String prefix) throws IOException {
    try (TString path = TString.scalarOf(prefix)) {
      session
          .runner()
          .feed(whole.filename(), path)
          .addTarget(whole.restoreAll().op())
          .run()
          .close();
    } catch (TensorFlowException e) {
      throw new IOException("checkpoint %s cannot be read: %s".formatted(prefix, line(e)), e);
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }

  private void save(SaverNodes saver, String prefix) throws IOException {
    try (TString path = TString.scalarOf(prefix)) {
      session.runner().feed(saver.filename(), path).addTarget(saver.done().op()).run().close();
    } catch (TensorFlowException e) {
      throw new IOException("checkpoint %s cannot be written: %s".formatted(prefix, line(e)), e);
    }
  }

  private void run(Operation operation) {
    session.runner().addTarget(operation).run().close();
  }

  private static String line(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
