package org.blip4j.training.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/** Gives variables values that come from outside the graph, one at a time. */
final class VariableFeed {
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private record Entry(Variable<?> variable, Operand<?> placeholder, Operation assign) {}

  VariableFeed(GraphContext outer, List<? extends Variable<?>> variables) {
    GraphContext ctx = outer.in("feed");
    for (Variable<?> variable : variables) {
      entries.put(variable.name(), entry(ctx, variable));
    }
  }

  /** The operations, for audits. */
  List<Operation> operations() {
    return entries.values().stream().map(Entry::assign).toList();
  }

  /** Sets a float variable from row-major values; rows beyond them keep what they have. */
  void set(Session session, String name, float[] values) {
    Entry entry = entry(name);
    if (values.length < entry.variable().shape().size()) {
      setFirst(session, entry, values);
      return;
    }
    try (Tensor tensor = TFloat32.tensorOf(entry.variable().shape(), DataBuffers.of(values))) {
      run(session, entry, tensor);
    }
  }

  private static void setFirst(Session session, Entry entry, float[] values) {
    try (Result result = session.runner().fetch(entry.variable().value()).run();
        TFloat32 whole = (TFloat32) result.get(0)) {
      whole.asRawTensor().data().asFloats().write(values);
      run(session, entry, whole);
    }
  }

  /** Sets an integer variable from row-major values. */
  void set(Session session, String name, long[] values) {
    Entry entry = entry(name);
    try (Tensor tensor = TInt64.tensorOf(entry.variable().shape(), DataBuffers.of(values))) {
      run(session, entry, tensor);
    }
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("the model has no variable " + name);
    }
    return entry;
  }

  private static void run(Session session, Entry entry, Tensor tensor) {
    session
        .runner()
        .feed(entry.placeholder().asOutput(), tensor)
        .addTarget(entry.assign())
        .run()
        .close();
  }

  private static <T extends TType> Entry entry(GraphContext ctx, Variable<T> variable) {
    @SuppressWarnings("unchecked") // variables are float or integer
    Class<T> type =
        (Class<T>)
            (variable.value().dataType() == DataType.DT_FLOAT ? TFloat32.class : TInt64.class);
    Operand<T> placeholder = ctx.tf().placeholder(type, Placeholder.shape(variable.shape()));
    return new Entry(variable, placeholder, variable.assign(ctx, placeholder));
  }
}
