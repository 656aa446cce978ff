package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * Creates variables under absolute names and lists them in the order of their creation.
 *
 * <p>Names use {@code /} between parts and do not depend on operation scopes. A name can be created
 * once; sharing a variable is passing the layer that owns it.
 */
public final class VariableScope {

  /** All variables of one graph. */
  private static final class Registry {
    private final Map<String, Variable<?>> variables = new LinkedHashMap<>();
    private final List<Supplier<Operation>> pending = new ArrayList<>();
    private final List<Operation> initializers = new ArrayList<>();
    private final long seed;

    Registry(long seed) {
      this.seed = seed;
    }
  }

  private final GraphContext ctx;
  private final Registry registry;
  private final String prefix;
  private final Initializer.Scheme scheme;
  private final boolean trainable;

  private VariableScope(
      GraphContext ctx,
      Registry registry,
      String prefix,
      Initializer.Scheme scheme,
      boolean trainable) {
    this.ctx = ctx;
    this.registry = registry;
    this.prefix = prefix;
    this.scheme = scheme;
    this.trainable = trainable;
  }

  /** A root scope with the published initialisation. One per graph. */
  public static VariableScope root(GraphContext ctx, long seed) {
    return root(ctx, seed, Initializer.Scheme.PUBLISHED);
  }

  /** A root scope. One per graph. */
  public static VariableScope root(GraphContext ctx, long seed, Initializer.Scheme scheme) {
    return new VariableScope(ctx, new Registry(seed), "", scheme, true);
  }

  /** The scope below this one. */
  public VariableScope child(String name) {
    return new VariableScope(ctx, registry, prefix + name + "/", scheme, trainable);
  }

  /** The same scope whose variables no optimizer changes (momentum copies). */
  public VariableScope frozen() {
    return new VariableScope(ctx, registry, prefix, scheme, false);
  }

  /** The absolute name of what is created here, such as {@code text_encoder/embeddings}. */
  public String name() {
    return prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1);
  }

  /** How linear kernels and embeddings start. */
  public Initializer.Scheme scheme() {
    return scheme;
  }

  /**
   * Creates a trainable float variable.
   *
   * @throws IllegalStateException if the name is taken
   */
  public Variable<TFloat32> create(String name, Shape shape, Initializer initializer) {
    Variable<TFloat32> variable = register(name, shape, DataType.DT_FLOAT, trainable);
    long stream = Randomness.stream(registry.seed, variable.name());
    initialize(variable, init -> initializer.build(init, dimensions(init, variable), stream));
    return variable;
  }

  /** Creates a float variable that is state, not a weight: queues and optimizer moments. */
  public Variable<TFloat32> createState(String name, Shape shape, Initializer initializer) {
    return frozen().create(name, shape, initializer);
  }

  /** Creates an integer variable that is state, with one value everywhere. */
  public Variable<TInt64> createCounter(String name, Shape shape, long value) {
    Variable<TInt64> variable = register(name, shape, DataType.DT_INT64, false);
    initialize(variable, init -> init.fill(dimensions(init, variable), value));
    return variable;
  }

  /** All variables of the graph in the order of their creation. */
  public List<Variable<?>> all() {
    return List.copyOf(registry.variables.values());
  }

  /** The trainable variables of the graph in the order of their creation. */
  public List<Variable<TFloat32>> trainable() {
    List<Variable<TFloat32>> result = new ArrayList<>();
    for (Variable<?> variable : registry.variables.values()) {
      if (variable.spec().trainable()) {
        result.add(asFloat(variable));
      }
    }
    return List.copyOf(result);
  }

  /**
   * A float variable by its absolute name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Variable<TFloat32> get(String name) {
    Variable<?> variable = registry.variables.get(name);
    if (variable == null) {
      throw new IllegalArgumentException("no variable " + name + " among " + all());
    }
    return asFloat(variable);
  }

  /**
   * One operation that gives every variable created so far its first value. Only a graph that asks
   * for it has the operations.
   */
  public Operation initializeAll() {
    registry.pending.forEach(assignment -> registry.initializers.add(assignment.get()));
    registry.pending.clear();
    List<Op> operations = new ArrayList<>();
    for (Operation operation : registry.initializers) {
      operations.add(() -> operation);
    }
    return ctx.after(operations).tf().withName("initialize").noOp().op();
  }

  private <T extends TType> Variable<T> register(
      String name, Shape shape, DataType dtype, boolean mayTrain) {
    String absolute = prefix + name;
    if (registry.variables.containsKey(absolute)) {
      throw new IllegalStateException(
          "variable " + absolute + " exists already; to share it, pass the layer that owns it");
    }
    Variable<T> variable = new Variable<>(ctx, new Variable.Spec(absolute, shape, dtype, mayTrain));
    registry.variables.put(absolute, variable);
    return variable;
  }

  private <T extends TType> void initialize(
      Variable<T> variable, Function<GraphContext, Operand<T>> value) {
    GraphContext init = ctx.in("init");
    registry.pending.add(() -> variable.assign(init, value.apply(init)));
  }

  /**
   * The shape of a variable, which TensorFlow's optimisers cannot know beforehand since it takes
   * the variable to compute it. What is drawn from stateless random numbers or filled would be a
   * constant otherwise, and the session would keep that, twice, as long as it lives: three times
   * the memory of the variables.
   */
  private static Operand<TInt64> dimensions(GraphContext ctx, Variable<?> variable) {
    Ops tf = ctx.tf();
    Output<TBool> initialized =
        ctx.op("VarIsInitializedOp", "initialized").addInput(variable.handle()).build().output(0);
    Operand<TInt64> zero =
        tf.math.minimum(tf.dtypes.cast(initialized, TInt64.class), tf.constant(0L));
    return tf.math.add(tf.constant(variable.shape().asArray()), zero);
  }

  @SuppressWarnings("unchecked") // the type was checked
  private static Variable<TFloat32> asFloat(Variable<?> variable) {
    if (variable.spec().dtype() != DataType.DT_FLOAT) {
      throw new IllegalArgumentException(variable.name() + " is " + variable.spec().dtype());
    }
    return (Variable<TFloat32>) variable;
  }
}
