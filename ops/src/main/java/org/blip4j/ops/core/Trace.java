package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * What lies between input and output of a graph, by name: for parity checks, tests and maps of
 * attention. A context that has one records what its layers name; without one naming costs nothing.
 *
 * <pre>{@code
 * Trace trace = new Trace();
 * vision.apply(ctx.with(trace), pixels);
 * Operand<TFloat32> second = trace.floats("vision/block1");               // [B, P, W]
 * }</pre>
 *
 * <p>Names are the scopes of a place and its own name. What is recorded again under a name, as by a
 * second application in one scope, gets {@code #2}, {@code #3} ... behind it.
 */
public final class Trace {
  private final Map<String, Operand<?>> operands = new LinkedHashMap<>();

  void record(String name, Operand<?> operand) {
    String free = name;
    for (int n = 2; operands.containsKey(free); n++) {
      free = name + "#" + n;
    }
    operands.put(free, operand);
  }

  /** All that was recorded, in the order of the graph's construction. */
  public Map<String, Operand<?>> all() {
    return new LinkedHashMap<>(operands);
  }

  /**
   * What was recorded under a name.
   *
   * @throws IllegalArgumentException if nothing was; the message lists what was
   */
  public Operand<?> get(String name) {
    Operand<?> operand = operands.get(name);
    if (operand == null) {
      throw new IllegalArgumentException(
          "nothing is recorded as " + name + "; there is " + String.join(", ", operands.keySet()));
    }
    return operand;
  }

  /**
   * The same as {@link #get}, of a known type.
   *
   * @throws IllegalArgumentException if nothing was recorded, or if it has another type
   */
  public <T extends TType> Operand<T> get(String name, Class<T> type) {
    Operand<?> operand = get(name);
    if (operand.type() != type) {
      throw new IllegalArgumentException(
          name + " is " + operand.type().getSimpleName() + ", not " + type.getSimpleName());
    }
    @SuppressWarnings("unchecked") // just checked
    Operand<T> typed = (Operand<T>) operand;
    return typed;
  }

  /** {@code get(name, TFloat32.class)}. */
  public Operand<TFloat32> floats(String name) {
    return get(name, TFloat32.class);
  }

  /** Those under a name followed by 0, 1, 2 ...: the outputs of layers. */
  public List<Operand<TFloat32>> series(String name) {
    List<Operand<TFloat32>> found = new ArrayList<>();
    while (operands.containsKey(name + found.size())) {
      found.add(floats(name + found.size()));
    }
    return List.copyOf(found);
  }
}
