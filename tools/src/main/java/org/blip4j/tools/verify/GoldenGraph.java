package org.blip4j.tools.verify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.graph.weights.VariableShape;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
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
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/** A graph with a session: built by the model's own code, filled from a golden's weights, run. */
final class GoldenGraph implements AutoCloseable {
  private final Graph graph = new Graph();
  private final GraphContext ctx;
  private final VariableScope vars;
  private final Session session;
  private final Map<String, Write> writes = new LinkedHashMap<>();

  /** The assignment of one variable from a fed value. */
  private record Write(Operand<? extends TType> value, Operation assign) {}

  /**
   * On what goldens are computed.
   *
   * @param session devices and threads
   * @param kernels what inference is made of; training has the stock ones
   */
  public record Machine(ConfigProto session, Kernels kernels) {}

  private GoldenGraph(Kernels kernels, Mode mode, ConfigProto config) {
    this.ctx = kernels.on(GraphContext.create(graph, mode));
    this.vars = VariableScope.root(ctx, 1);
    this.session = new Session(graph, config);
  }

  static GoldenGraph create(Mode mode, Machine machine) {
    return mode == Mode.TRAIN
        ? new GoldenGraph(Kernels.PORTABLE, mode, machine.session())
        : new GoldenGraph(
            machine.kernels(), mode, machine.kernels().sessionFrom(machine.session()));
  }

  /** The root context. */
  GraphContext ctx() {
    return ctx;
  }

  /** The root of the variables. */
  VariableScope vars() {
    return vars;
  }

  /** A float input. */
  Operand<TFloat32> floats(String name, long... shape) {
    return ctx.tf().withName(name).placeholder(TFloat32.class, Placeholder.shape(Shape.of(shape)));
  }

  /** A whole-number input. */
  Operand<TInt64> longs(String name, long... shape) {
    return ctx.tf().withName(name).placeholder(TInt64.class, Placeholder.shape(Shape.of(shape)));
  }

  /**
   * Fills the given variables from a checkpoint, by the code that users' checkpoints go through.
   *
   * @throws IOException if a variable is missing or mis-shaped, or a tensor is not used
   */
  void load(Path weights, List<? extends Variable<?>> variables, boolean sharedDecoder)
      throws IOException {
    try (WeightFile file = WeightFile.open(weights)) {
      WeightNames names = WeightImporter.names(file, sharedDecoder);
      WeightImporter importer = WeightImporter.plan(file, names, shapes(variables));
      ImportReport report = importer.report();
      if (!report.leftOver().isEmpty()) {
        throw new IOException(weights + " has tensors that were not used: " + report.leftOver());
      }
      Map<Variable<?>, Values> values = new LinkedHashMap<>();
      for (Variable<?> variable : variables) {
        values.put(variable, value(importer, variable));
      }
      assign(values);
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
      Map<Variable<?>, Values> values = new LinkedHashMap<>();
      for (String name : importer.report().filled()) {
        Variable<?> variable = vars.get(name);
        values.put(variable, value(importer, variable));
      }
      assign(values);
      return importer.report();
    }
  }

  private static List<VariableShape> shapes(List<? extends Variable<?>> variables) {
    List<VariableShape> shapes = new ArrayList<>();
    for (Variable<?> variable : variables) {
      shapes.add(new VariableShape(variable.name(), variable.shape()));
    }
    return shapes;
  }

  private static Values value(WeightImporter importer, Variable<?> variable) throws IOException {
    long[] shape = variable.shape().asArray();
    return switch (variable.spec().dtype()) {
      case DT_INT64 -> Values.of(importer.longs(variable.name()), shape);
      default -> Values.of(importer.floats(variable.name()), shape);
    };
  }

  /** Gives variables values, all in one run: each set of targets costs as much as the graph. */
  void assign(Map<Variable<?>, Values> values) {
    Map<Operand<?>, Values> feeds = new LinkedHashMap<>();
    List<Operation> targets = new ArrayList<>();
    values.forEach(
        (variable, value) -> {
          Write write = writes.computeIfAbsent(variable.name(), name -> write(variable));
          feeds.put(write.value(), value);
          targets.add(write.assign());
        });
    Map<String, Values> none = run(Map.of(), feeds, targets);
    if (!none.isEmpty()) {
      throw new IllegalStateException("an assignment gives no values");
    }
  }

  @SuppressWarnings("unchecked") // variables are of one of the two types
  private Write write(Variable<?> variable) {
    String name = "assign/" + variable.name().replace('/', '_');
    long[] shape = variable.shape().asArray();
    switch (variable.spec().dtype()) {
      case DT_INT64 -> {
        Operand<TInt64> value = longs(name, shape);
        return new Write(value, ((Variable<TInt64>) variable).assign(ctx, value));
      }
      default -> {
        Operand<TFloat32> value = floats(name, shape);
        return new Write(value, ((Variable<TFloat32>) variable).assign(ctx, value));
      }
    }
  }

  /** Runs an operation that needs nothing fed. */
  void run(Operation operation) {
    session.runner().addTarget(operation).run().close();
  }

  /** Computes everything in {@code fetches} in one run. */
  Map<String, Values> run(Map<String, Operand<?>> fetches, Map<Operand<?>, Values> feeds) {
    return run(fetches, feeds, List.of());
  }

  /** Computes everything in {@code fetches} in one run that also does {@code targets}. */
  Map<String, Values> run(
      Map<String, Operand<?>> fetches, Map<Operand<?>, Values> feeds, List<Operation> targets) {
    Map<Operand<?>, Tensor> tensors = new LinkedHashMap<>();
    try {
      feeds.forEach((operand, values) -> tensors.put(operand, tensor(operand, values)));
      return runTensors(fetches, tensors, targets);
    } finally {
      tensors.values().forEach(Tensor::close);
    }
  }

  /** The same with fed tensors of any type. */
  Map<String, Values> runTensors(
      Map<String, Operand<?>> fetches, Map<Operand<?>, Tensor> feeds, List<Operation> targets) {
    Session.Runner runner = session.runner();
    feeds.forEach((operand, tensor) -> runner.feed(operand.asOutput(), tensor));
    fetches.values().forEach(runner::fetch);
    targets.forEach(runner::addTarget);
    try (Result result = runner.run()) {
      Map<String, Values> values = new LinkedHashMap<>();
      int index = 0;
      for (String name : fetches.keySet()) {
        values.put(name, TensorValues.read(result.get(index++)));
      }
      return values;
    }
  }

  private static Tensor tensor(Operand<?> operand, Values values) {
    return TensorValues.write(operand.asOutput().type(), values);
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
