package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.family.TType;

/**
 * The operands of an enclosing graph that functions over it use: each becomes a further input.
 *
 * <p>Several functions (condition and body of a loop) share one list, so that they agree on the
 * order; each has its own placeholder for an operand.
 */
final class FunctionCaptures {
  private final List<Operand<?>> outer = new ArrayList<>();
  private final Map<Output<?>, Integer> index = new HashMap<>();
  private final Map<Graph, Map<Integer, Operand<?>>> inner = new HashMap<>();

  List<Operand<?>> outer() {
    return List.copyOf(outer);
  }

  @SuppressWarnings("unchecked") // the placeholder is made with the operand's own type
  <T extends TType> Operand<T> capture(Graph body, Operand<T> operand) {
    Output<T> output = operand.asOutput();
    int position =
        index.computeIfAbsent(
            output,
            key -> {
              outer.add(operand);
              return outer.size() - 1;
            });
    return (Operand<T>) placeholder(body, position);
  }

  Operand<?> placeholder(Graph body, int position) {
    return inner
        .computeIfAbsent(body, key -> new HashMap<>())
        .computeIfAbsent(position, key -> newPlaceholder(body, position));
  }

  private Operand<?> newPlaceholder(Graph body, int position) {
    Output<?> output = outer.get(position).asOutput();
    Shape shape = output.shape();
    return body.opBuilder("Placeholder", "capture/" + position, body.baseScope())
        .setAttr("dtype", output.dataType())
        .setAttr("shape", shape)
        .build()
        .output(0);
  }
}
