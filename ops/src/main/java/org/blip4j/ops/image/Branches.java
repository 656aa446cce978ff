package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/** Runs one of several ways to make an image; the others cost nothing. */
final class Branches {
  private Branches() {}

  /**
   * The image of the chosen way.
   *
   * @param choice a scalar, the number of the way
   * @param inputs what the ways are given; they may use nothing else of the enclosing graph
   * @return {@code [height, width, 3]}
   */
  static Operand<TUint8> choose(
      GraphContext ctx,
      Operand<TInt32> choice,
      List<Operand<?>> inputs,
      List<GraphFunction.Body> ways) {
    List<GraphFunction.Input> declared = inputs.stream().map(GraphFunction.Input::like).toList();
    ConcreteFunction[] functions =
        ways.stream()
            .map(way -> GraphFunction.build(ctx, declared, way).function())
            .toArray(ConcreteFunction[]::new);
    return ctx.op("StatelessCase", "case")
        .addInput(choice.asOutput())
        .addInputList(inputs.stream().map(Operand::asOutput).toArray(org.tensorflow.Output[]::new))
        .setAttr("Tin", declared.stream().map(GraphFunction.Input::dtype).toArray(DataType[]::new))
        .setAttr("Tout", new DataType[] {DataType.DT_UINT8})
        .setAttr("branches", functions)
        .setAttr("output_shapes", new Shape[] {Shape.of(-1, -1, 3)})
        .build()
        .output(0);
  }
}
