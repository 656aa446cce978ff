package org.blip4j.tools.verify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.graph.weights.VariableValues;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * A graph with a session: built by the model's own code, filled from a golden's weights, fed with
 * its inputs; what it fetches goes under its expected name into the golden's run.
 */
final class GoldenGraph implements AutoCloseable {
  private final GoldenRun run;
  private final Graph graph = new Graph();
  private final GraphContext ctx;
  private final VariableScope vars;
  private final Session session;
  private final Map<Operand<?>, Values> feeds = new LinkedHashMap<>();
  private final Map<String, Fetch> fetches = new LinkedHashMap<>();
  private final Map<String, Write> writes = new HashMap<>();

  /** What is fetched, and what is made of it. */
  private record Fetch(Operand<?> operand, UnaryOperator<Values> change) {}

  /** The assignment of one variable from a fed value. */
  private record Write(Operand<?> value, Operation assign) {}

  GoldenGraph(GoldenRun run, Mode mode) {
    GoldenRun.Machine machine = run.machine();
    Kernels kernels = mode == Mode.TRAIN ? machine.kernels().stock() : machine.kernels();
    this.run = run;
    this.ctx = kernels.on(GraphContext.create(graph, mode));
    this.vars = VariableScope.root(ctx, 1);
    this.session = new Session(graph, kernels.sessionFrom(machine.session(), mode));
  }

  /** The root context. */
  GraphContext ctx() {
    return ctx;
  }

  /** The root of the variables. */
  VariableScope vars() {
    return vars;
  }

  /** Creates a model of its own variables and fills them. */
  <M> M model(Path weights, Function<VariableScope, M> create) throws IOException {
    M model = create.apply(vars);
    load(weights, vars.all(), false);
    return model;
  }

  /** An input. */
  <T extends TType> Operand<T> feed(Class<T> type, Values values, long... shape) {
    Operand<T> input = ctx.tf().placeholder(type, Placeholder.shape(Shape.of(shape)));
    feed(input, values);
    return input;
  }

  /** Feeds an input of the model's own. */
  void feed(Operand<?> input, Values values) {
    feeds.put(input, values);
  }

  /** Images {@code [B, C, H, W]} as pixels {@code [B, H, W, C]}. */
  Operand<TFloat32> pixels(Values image) {
    return feed(TFloat32.class, image.channelsLast(), -1, image.shape()[2], image.shape()[3], 3);
  }

  /** Texts. */
  Tokens tokens(TokenBatch texts) {
    return new Tokens(
        feed(TInt64.class, Values.ids(texts), -1, -1),
        feed(TInt64.class, Values.mask(texts), -1, -1));
  }

  /** Asks for an output. */
  void fetch(String name, Operand<?> operand) {
    fetch(name, operand, UnaryOperator.identity());
  }

  /** Asks for an output that is made of an operand. */
  void fetch(String name, Operand<?> operand, UnaryOperator<Values> change) {
    fetches.put(name, new Fetch(operand, change));
  }

  /** Asks for what a graph has named: expected names by those of the trace. */
  void fetch(String prefix, Trace trace, Map<String, String> names) {
    names.forEach((name, traced) -> fetch(prefix + name, trace.get(traced)));
  }

  /** Computes all that was asked for in one run that also does {@code targets}. */
  Map<String, Values> compute(Operation... targets) {
    Map<String, Values> computed = run(List.of(targets), feeds);
    computed.forEach(run::add);
    return computed;
  }

  private Map<String, Values> run(List<Operation> targets, Map<Operand<?>, Values> fed) {
    Map<Operand<?>, Tensor> tensors = new LinkedHashMap<>();
    try {
      fed.forEach((input, values) -> tensors.put(input, values.tensor(input.asOutput().type())));
      return runTensors(targets, tensors);
    } finally {
      tensors.values().forEach(Tensor::close);
    }
  }

  /** Computes all that was asked for from tensors of any type; it stays with the caller. */
  Map<String, Values> runTensors(List<Operation> targets, Map<Operand<?>, Tensor> tensors) {
    Session.Runner runner = session.runner();
    tensors.forEach((input, tensor) -> runner.feed(input.asOutput(), tensor));
    fetches.values().forEach(fetch -> runner.fetch(fetch.operand()));
    targets.forEach(runner::addTarget);
    Map<String, Values> computed = new LinkedHashMap<>();
    try (Result result = runner.run()) {
      fetches.forEach(
          (name, fetch) ->
              computed.put(name, fetch.change().apply(Values.read(result.get(computed.size())))));
    }
    fetches.clear();
    return computed;
  }

  /**
   * Fills the given variables from a checkpoint, by the code that users' checkpoints go through.
   *
   * @throws IOException if a variable is missing or mis-shaped, or a tensor is not used
   */
  void load(Path weights, List<? extends Variable<?>> variables, boolean sharedDecoder)
      throws IOException {
    try (WeightFile file = WeightFile.open(weights)) {
      WeightImporter importer =
          WeightImporter.plan(file, WeightImporter.names(file, sharedDecoder), shapes(variables));
      if (!importer.report().leftOver().isEmpty()) {
        throw new IOException(
            weights + " has tensors that were not used: " + importer.report().leftOver());
      }
      assign(importer, variables);
    }
  }

  /**
   * Starts a model from another one's checkpoint, by the code that {@code --init} goes through;
   * fresh variables keep their values.
   *
   * @param task what the new model is for
   * @return what became of every tensor and variable
   * @throws IOException if a variable is missing that may not be fresh, or a tensor is unknown
   */
  ImportReport start(Path weights, Task task) throws IOException {
    try (WeightFile file = WeightFile.open(weights)) {
      WeightImporter importer = StartingModel.plan(file, task, shapes(vars.all()));
      List<Variable<?>> filled = new ArrayList<>();
      importer.report().filled().forEach(name -> filled.add(vars.get(name)));
      assign(importer, filled);
      return importer.report();
    }
  }

  private static List<VariableValues.Wanted> shapes(List<? extends Variable<?>> variables) {
    return variables.stream().map(v -> new VariableValues.Wanted(v.name(), v.shape())).toList();
  }

  private void assign(WeightImporter importer, List<? extends Variable<?>> variables)
      throws IOException {
    Map<Variable<?>, Values> values = new LinkedHashMap<>();
    for (Variable<?> variable : variables) {
      long[] shape = variable.shape().asArray();
      values.put(
          variable,
          variable.spec().dtype() == DataType.DT_INT64
              ? Values.of(importer.longs(variable.name()), shape)
              : Values.of(importer.floats(variable.name()), shape));
    }
    assign(values);
  }

  /** Gives variables values, all in one run: each set of targets costs as much as the graph. */
  void assign(Map<Variable<?>, Values> values) {
    Map<Operand<?>, Values> fed = new LinkedHashMap<>();
    List<Operation> targets = new ArrayList<>();
    values.forEach(
        (variable, value) -> {
          Write write = writes.computeIfAbsent(variable.name(), name -> write(variable));
          fed.put(write.value(), value);
          targets.add(write.assign());
        });
    run(targets, fed);
  }

  @SuppressWarnings("unchecked") // variables are of one of the two types
  private Write write(Variable<?> variable) {
    Placeholder.Options shape = Placeholder.shape(variable.shape());
    if (variable.spec().dtype() == DataType.DT_INT64) {
      Operand<TInt64> value = ctx.tf().placeholder(TInt64.class, shape);
      return new Write(value, ((Variable<TInt64>) variable).assign(ctx, value));
    }
    Operand<TFloat32> value = ctx.tf().placeholder(TFloat32.class, shape);
    return new Write(value, ((Variable<TFloat32>) variable).assign(ctx, value));
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
