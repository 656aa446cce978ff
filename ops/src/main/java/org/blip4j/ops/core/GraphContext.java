package org.blip4j.ops.core;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TType;

/**
 * What a layer needs to add operations: the graph, a name scope, the mode, and where variables have
 * their values.
 *
 * <p>Immutable; {@link #in}, {@link #as}, {@link #on} and the others return changed copies. The
 * context comes first in every {@code apply}. Operations over axes and with numbers are inherited;
 * all others are those of {@link #tf}.
 */
public final class GraphContext extends ShapeOps {
  private static final VariableValues VALUE =
      new VariableValues() {
        @Override
        public <T extends TType> Operand<T> of(Variable<T> variable) {
          return variable.value();
        }
      };

  private final Graph graph;
  private final Ops tf;
  private final Mode mode;
  private final KernelSet kernels;
  private final VariableValues values;
  private final Randomness randomness;
  private final Enclosing enclosing;
  private final Path path;

  /** The scopes of a context, and what records what is named under them; null for none. */
  private record Path(String scopes, Trace trace) {
    Path in(String name) {
      return trace == null ? this : new Path(scopes + name + "/", trace);
    }
  }

  /** Where a context takes the value of a variable from. */
  private interface VariableValues {
    /** The value of the variable as an operand of the context's graph. */
    <T extends TType> Operand<T> of(Variable<T> variable);
  }

  /** The context around a function body, and what the body takes from it. */
  private record Enclosing(GraphContext outer, GraphFunction.Captures captures) {}

  private GraphContext(
      Graph graph,
      Ops tf,
      Mode mode,
      KernelSet kernels,
      VariableValues values,
      Randomness randomness,
      Enclosing enclosing,
      Path path) {
    this.graph = graph;
    this.tf = tf;
    this.mode = mode;
    this.kernels = kernels;
    this.values = values;
    this.randomness = randomness;
    this.enclosing = enclosing;
    this.path = path;
  }

  /**
   * A context at the root of a graph. One per graph: it owns the graph's names. Layers need one
   * with a {@link KernelSet}, too.
   */
  public static GraphContext create(Graph graph, Mode mode) {
    Ops tf = Ops.create(new GraphNames(graph));
    return new GraphContext(graph, tf, mode, null, VALUE, null, null, new Path("", null));
  }

  /** A context in which the C library asks for the gradient of an operation. */
  static GraphContext gradients(Graph graph, Ops tf) {
    return new GraphContext(graph, tf, Mode.TRAIN, null, VALUE, null, null, new Path("", null));
  }

  static GraphContext function(Graph body, GraphContext outer, GraphFunction.Captures captures) {
    Ops tf = Ops.create(new GraphNames(body));
    VariableValues captured =
        new VariableValues() {
          @Override
          public <T extends TType> Operand<T> of(Variable<T> variable) {
            return captures.capture(body, outer.read(variable));
          }
        };
    return new GraphContext(
        body,
        tf,
        outer.mode,
        outer.kernels,
        captured,
        outer.randomness,
        new Enclosing(outer, captures),
        new Path("", null));
  }

  /** The graph that operations are added to. */
  public Graph graph() {
    return graph;
  }

  @Override
  public Ops tf() {
    return tf;
  }

  /** Whether the graph is built to be trained or to be run. */
  public Mode mode() {
    return mode;
  }

  /** Whether dropout and stochastic depth are active. */
  public boolean training() {
    return mode != Mode.INFER;
  }

  /** Whether operations go into the body of a function (a loop or a data set's map). */
  public boolean inFunction() {
    return enclosing != null;
  }

  /** The same under a name scope; entering a scope twice adds to it. */
  public GraphContext in(String name) {
    return with(tf.withSubScope(name), path.in(name));
  }

  /** The same in another mode. */
  public GraphContext as(Mode other) {
    return new GraphContext(graph, tf, other, kernels, values, randomness, enclosing, path);
  }

  /** The same with layers that compute in another way; to be chosen at the root of a graph. */
  public GraphContext with(KernelSet other) {
    return new GraphContext(graph, tf, mode, other, values, randomness, enclosing, path);
  }

  /**
   * How layers compute here.
   *
   * @throws IllegalStateException if that was not chosen
   */
  public KernelSet kernels() {
    if (kernels == null) {
      throw new IllegalStateException(
          "a layer needs kernels: choose them where the graph begins, with"
              + " Kernels.PORTABLE.on(context) or others");
    }
    return kernels;
  }

  /** An operand that is computed before the loop around this context, not in each iteration. */
  public <T extends TType> Operand<T> beforeLoop(Function<GraphContext, Operand<T>> build) {
    return enclosing == null ? build.apply(this) : capture(enclosing.outer().beforeLoop(build));
  }

  /** The same on a device, for example {@code /device:CPU:0}. */
  public GraphContext on(DeviceSpec device) {
    return with(tf.withDevice(device), path);
  }

  /** The same on the CPU, where string and image kernels live. */
  public GraphContext onCpu() {
    return on(DeviceSpec.newBuilder().deviceType(DeviceSpec.DeviceType.CPU).deviceIndex(0).build());
  }

  /**
   * The same with operations that run only after the given ones, and after what this context comes
   * after. All are gathered in one operation that does nothing, so that what follows depends on
   * one, not each operation on each: a training step has thousands on either side.
   */
  public GraphContext after(List<? extends Op> operations) {
    if (operations.isEmpty()) {
      return this;
    }
    OperationBuilder all = op("NoOp", "all_done");
    for (Op operation : operations) {
      all = all.addControlInput(operation.op());
    }
    Operation done = all.build();
    return with(tf.withControlDependencies(List.<Op>of(() -> done)), path);
  }

  /** The same with random operations seeded from the given source; needed for dropout. */
  public GraphContext with(Randomness source) {
    return new GraphContext(graph, tf, mode, kernels, values, source, enclosing, path);
  }

  /**
   * The same for another application of layers that are applied more than once: what is random in
   * it differs from the others.
   */
  public GraphContext application(String name) {
    return randomness == null ? this : with(randomness.forApplication(name));
  }

  /** The same where some variables have other values, for example the updated momentum weights. */
  public GraphContext withValues(Map<Variable<?>, Operand<?>> overrides) {
    Map<Variable<?>, Operand<?>> map = Map.copyOf(overrides);
    VariableValues base = values;
    VariableValues overridden =
        new VariableValues() {
          @Override
          @SuppressWarnings("unchecked") // put there for a variable of the same type
          public <T extends TType> Operand<T> of(Variable<T> variable) {
            Operand<?> value = map.get(variable);
            return value == null ? base.of(variable) : (Operand<T>) value;
          }
        };
    return new GraphContext(graph, tf, mode, kernels, overridden, randomness, enclosing, path);
  }

  /**
   * The same with what is named from here on recorded. Names begin with the scopes that are entered
   * from here on.
   */
  public GraphContext with(Trace trace) {
    return with(tf, new Path("", trace));
  }

  /**
   * Names an operand for whoever traces the graph; returns it. What lies in the body of a function
   * cannot be fetched and is not recorded.
   */
  public <T extends TType> Operand<T> trace(String name, Operand<T> operand) {
    if (path.trace() != null) {
      path.trace().record(path.scopes() + name, operand);
    }
    return operand;
  }

  /** Whether what is named is recorded; for what would only be computed to be named. */
  public boolean traces() {
    return path.trace() != null;
  }

  /** The value of a variable, as an operand of this context's graph. */
  public <T extends TType> Operand<T> read(Variable<T> variable) {
    return values.of(variable);
  }

  /**
   * Brings an operand of an enclosing graph into a function body; an operand of this context's own
   * graph is returned as it is.
   */
  public <T extends TType> Operand<T> capture(Operand<T> operand) {
    if (operand.op().env() == graph || enclosing == null) {
      return operand;
    }
    return enclosing.captures().capture(graph, enclosing.outer().capture(operand));
  }

  /**
   * The source of seeds.
   *
   * @throws IllegalStateException if the context has none
   */
  public Randomness randomness() {
    if (randomness == null) {
      throw new IllegalStateException(
          "a random operation needs a seed: build this part with context.with(Randomness)");
    }
    return randomness;
  }

  /**
   * The same for layers that are applied to the rows of a batch several times at once, one block
   * after the other: what is random in a row does not depend on the other rows of its block.
   */
  public GraphContext blocks(int number) {
    return randomness == null ? this : with(randomness.forBlocks(number));
  }

  /** Starts an operation of any type, named under this context's scope. */
  public OperationBuilder op(String type, String name) {
    return tf.scope().opBuilder(type, name);
  }

  /** Starts an operation whose full name does not depend on the scope; {@code /} is allowed. */
  OperationBuilder absoluteOp(String type, String name) {
    return graph.opBuilder(type, name, tf.scope());
  }

  private GraphContext with(Ops changed, Path place) {
    return new GraphContext(graph, changed, mode, kernels, values, randomness, enclosing, place);
  }
}
