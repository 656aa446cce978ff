package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/** Runs one of several ways to make a value; the others cost nothing. */
final class Branches {
  /** A way to make a value; it may use nothing of the enclosing graph but its inputs. */
  interface Way {
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
  static Operand<TUint8> choose(
      GraphContext ctx, Operand<TInt32> choice, List<Operand<?>> inputs, List<Way> ways) {
    GraphFunction.Input image = new GraphFunction.Input(DataType.DT_UINT8, Shape.of(-1, -1, 3));
    return (Operand<TUint8>) choose(ctx, choice, inputs, image, ways);
  }

  /** The value of the chosen way, of a type and shape that all ways have. */
  static Operand<?> choose(
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
        .setAttr("Tin", declared.stream().map(GraphFunction.Input::dtype).toArray(DataType[]::new))
        .setAttr("Tout", new DataType[] {result.dtype()})
        .setAttr("branches", functions)
        .setAttr("output_shapes", new Shape[] {result.shape()})
        .build()
        .output(0);
  }
}
