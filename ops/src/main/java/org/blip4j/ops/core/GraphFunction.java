package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

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
  private final Captures captures;
  private final List<Operand<?>> inputs = new ArrayList<>();
  private final List<Operand<?>> outputs;

  GraphFunction(GraphContext outer, Captures captures, List<Input> declared, Body body) {
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
    Captures captures = new Captures();
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

  /** Runs one of several ways to make a value; the others cost nothing. */
  public static final class Branches {
    /** A way to make a value; it may use nothing of the enclosing graph but its inputs. */
    public interface Way {
      /** Adds the operations of the way. */
      Operand<?> of(GraphContext ctx, List<Operand<?>> inputs);
    }

    private Branches() {}

    /**
     * The image of the chosen way.
     *
     * @param choice a scalar, the number of the way
     * @return {@code [height, width, 3]}
     */
    @SuppressWarnings("unchecked") // declared so
    public static Operand<TUint8> choose(
        GraphContext ctx, Operand<TInt32> choice, List<Operand<?>> inputs, List<Way> ways) {
      GraphFunction.Input image = new GraphFunction.Input(DataType.DT_UINT8, Shape.of(-1, -1, 3));
      return (Operand<TUint8>) choose(ctx, choice, inputs, image, ways);
    }

    /** The value of the chosen way, of a type and shape that all ways have. */
    public static Operand<?> choose(
        GraphContext ctx,
        Operand<TInt32> choice,
        List<Operand<?>> inputs,
        GraphFunction.Input result,
        List<Way> ways) {
      List<GraphFunction.Input> declared = inputs.stream().map(GraphFunction.Input::like).toList();
      ConcreteFunction[] functions =
          ways.stream()
              .map(
                  way ->
                      GraphFunction.build(ctx, declared, (inner, in) -> List.of(way.of(inner, in)))
                          .function())
              .toArray(ConcreteFunction[]::new);
      return ctx.op("StatelessCase", "case")
          .addInput(choice.asOutput())
          .addInputList(inputs.stream().map(Operand::asOutput).toArray(Output[]::new))
          .setAttr(
              "Tin", declared.stream().map(GraphFunction.Input::dtype).toArray(DataType[]::new))
          .setAttr("Tout", new DataType[] {result.dtype()})
          .setAttr("branches", functions)
          .setAttr("output_shapes", new Shape[] {result.shape()})
          .build()
          .output(0);
    }
  }

  /**
   * The operands of an enclosing graph that functions over it use: each becomes a further input.
   *
   * <p>Several functions (condition and body of a loop) share one list, so that they agree on the
   * order; each has its own placeholder for an operand.
   */
  static final class Captures {
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
}
