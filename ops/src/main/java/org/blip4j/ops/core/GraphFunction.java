package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * A function over an enclosing graph, for loops and data-set maps.
 *
 * <p>The body is written with a context of its own. Variables that it reads and operands that it
 * {@link GraphContext#capture captures} become further inputs, after the declared ones.
 */
public final class GraphFunction {

  /** What a function does: adds operations for the inputs and returns the outputs. */
  @FunctionalInterface
  public interface Body {
    /** Adds the operations. */
    List<Operand<?>> apply(GraphContext ctx, List<Operand<?>> inputs);
  }

  /**
   * One declared input.
   *
   * @param dtype its element type
   * @param shape its static shape; -1 for dimensions that vary between calls
   */
  public record Input(DataType dtype, Shape shape) {
    /** An input like an operand of the enclosing graph. */
    public static Input like(Operand<?> operand) {
      return new Input(operand.asOutput().dataType(), operand.shape());
    }
  }

  private final Graph graph = new Graph();
  private final String name;
  private final FunctionCaptures captures;
  private final List<Operand<?>> inputs = new ArrayList<>();
  private final List<Operand<?>> outputs;

  GraphFunction(GraphContext outer, FunctionCaptures captures, List<Input> declared, Body body) {
    this.captures = captures;
    // The platform tells functions apart by their operations only, not by the shapes of inputs.
    this.name = outer.tf().scope().makeOpName("function").replaceAll("[^A-Za-z0-9_]", "_");
    for (int i = 0; i < declared.size(); i++) {
      inputs.add(
          graph
              .opBuilder("Placeholder", "input/" + i, graph.baseScope())
              .setAttr("dtype", declared.get(i).dtype())
              .setAttr("shape", declared.get(i).shape())
              .build()
              .output(0));
    }
    this.outputs = body.apply(GraphContext.function(graph, outer, captures), List.copyOf(inputs));
  }

  /**
   * A function used on its own, with the operands it captured.
   *
   * @param function the function; already attached to the enclosing graph
   * @param captured further inputs, to be given after the declared ones
   */
  public record Built(ConcreteFunction function, List<Operand<?>> captured) {}

  /** Builds a function over the context's graph. */
  public static Built build(GraphContext outer, List<Input> declared, Body body) {
    FunctionCaptures captures = new FunctionCaptures();
    GraphFunction function = new GraphFunction(outer, captures, declared, body);
    ConcreteFunction concrete = function.finish(List.of());
    outer.graph().attachFunction(concrete);
    return new Built(concrete, captures.outer());
  }

  /**
   * Makes the function and gives the body back; {@code alsoReturned} names captures that a loop
   * body hands on.
   */
  ConcreteFunction finish(List<Operand<?>> alsoReturned) {
    Signature.Builder signature = Signature.builder().key(name);
    int position = 0;
    for (Operand<?> input : inputs) {
      signature.input("input_" + position++, input);
    }
    for (int i = 0; i < captures.outer().size(); i++) {
      signature.input("capture_" + i, captures.placeholder(graph, i));
    }
    position = 0;
    for (Operand<?> output : outputs) {
      signature.output("output_" + position++, output);
    }
    for (int i = 0; i < alsoReturned.size(); i++) {
      signature.output("capture_out_" + i, captures.placeholder(graph, i));
    }
    try (graph) {
      return ConcreteFunction.create(signature.build(), graph);
    }
  }
}
