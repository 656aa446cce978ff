package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * A stateless loop in the graph.
 *
 * <p>Variables that condition or body read are captured by value: they enter as inputs that the
 * body hands on unchanged. A loop variable may change its size between iterations where its shape
 * says -1.
 */
public final class WhileLoop {

  /** How the platform runs the body. */
  public enum Execution {
    /** The body is called as a function; the better one for few rows (12 or fewer). */
    CALLED,
    /** The body is inlined into the graph, so that its operations are fused; for many rows. */
    INLINED
  }

  /** One loop variable: where it starts and which shape it has in every iteration. */
  public record LoopVariable(Operand<?> initial, Shape shape) {
    /** A loop variable whose shape does not change. */
    public static LoopVariable of(Operand<?> initial) {
      return new LoopVariable(initial, initial.shape());
    }
  }

  private WhileLoop() {}

  /**
   * Adds a loop.
   *
   * @param condition returns one boolean scalar
   * @param body returns the next values, in the order of the variables
   * @return the final values, in the order of the variables
   */
  public static List<Operand<?>> run(
      GraphContext ctx,
      Execution execution,
      List<LoopVariable> variables,
      GraphFunction.Body condition,
      GraphFunction.Body body) {
    GraphFunction.Captures captures = new GraphFunction.Captures();
    List<GraphFunction.Input> declared = new ArrayList<>();
    for (LoopVariable variable : variables) {
      declared.add(
          new GraphFunction.Input(variable.initial().asOutput().dataType(), variable.shape()));
    }
    GraphFunction bodyFunction = new GraphFunction(ctx, captures, declared, body);
    GraphFunction conditionFunction = new GraphFunction(ctx, captures, declared, condition);
    ConcreteFunction concreteBody = bodyFunction.finish(captures.outer());
    ConcreteFunction concreteCondition = conditionFunction.finish(List.of());
    ctx.graph().attachFunction(concreteCondition);
    ctx.graph().attachFunction(concreteBody);

    List<Output<?>> inputs = new ArrayList<>();
    List<Shape> shapes = new ArrayList<>();
    for (LoopVariable variable : variables) {
      inputs.add(variable.initial().asOutput());
      shapes.add(variable.shape());
    }
    for (Operand<?> captured : captures.outer()) {
      inputs.add(captured.asOutput());
      shapes.add(captured.shape());
    }
    OperationBuilder builder =
        ctx.op("StatelessWhile", "while")
            .addInputList(inputs.toArray(new Output<?>[0]))
            .setAttr("T", inputs.stream().map(Output::dataType).toArray(DataType[]::new))
            .setAttr("cond", concreteCondition)
            .setAttr("body", concreteBody)
            .setAttr("output_shapes", shapes.toArray(new Shape[0]))
            .setAttr("parallel_iterations", 1L);
    if (execution == Execution.INLINED) {
      builder = builder.setAttr("_lower_using_switch_merge", true);
    }
    Output<?>[] outputs = builder.build().outputList(0, inputs.size());
    return List.copyOf(Arrays.asList(outputs).subList(0, variables.size()));
  }
}
