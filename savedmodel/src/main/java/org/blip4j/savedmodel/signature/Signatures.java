package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/** Signatures as servers expect them: names of tensors, types, shapes with an open batch. */
public final class Signatures {
  /** The method that TensorFlow Serving's Predict calls. */
  public static final String METHOD = "tensorflow/serving/predict";

  private Signatures() {}

  /** The definition of a signature by its inputs and outputs. */
  public static SignatureDef definition(
      ImmutableMap<String, ? extends Operand<?>> inputs,
      ImmutableMap<String, ? extends Operand<?>> outputs) {
    SignatureDef.Builder result = SignatureDef.newBuilder().setMethodName(METHOD);
    inputs.forEach((name, operand) -> result.putInputs(name, Given.of(operand).info()));
    outputs.forEach((name, operand) -> result.putOutputs(name, Given.of(operand).info()));
    return result.build();
  }

  /**
   * A tensor of a signature.
   *
   * @param operand the tensor
   * @param shape what clients are to give, which may say more than the graph knows
   */
  record Given(Operand<?> operand, Shape shape) {
    /** Of an input whose shape the graph does not say, a vector. */
    static Given of(Operand<?> operand) {
      Shape shape = operand.shape();
      return new Given(operand, shape.isUnknown() ? Shape.of(-1) : shape);
    }

    private TensorInfo info() {
      return Signatures.info(operand.asOutput(), shape);
    }
  }

  private static TensorInfo info(Output<?> output, Shape shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (int i = 0; i < shape.numDimensions(); i++) {
      dimensions.addDim(TensorShapeProto.Dim.newBuilder().setSize(shape.get(i)));
    }
    return TensorInfo.newBuilder()
        .setName(output.op().name() + ":" + output.index())
        .setDtype(output.dataType())
        .setTensorShape(dimensions)
        .build();
  }

  /**
   * A signature with its place in a graph.
   *
   * @param signature which one
   * @param inputs by name
   * @param tensors the inputs of the same over tensors
   * @param outputs by name; every one has the batch as first dimension
   */
  record Bound(
      ServingSignature signature,
      ImmutableMap<String, Operand<?>> inputs,
      ImmutableMap<String, Given> tensors,
      ImmutableMap<String, Operand<?>> outputs) {

    SignatureDef definition() {
      return Signatures.definition(inputs, outputs);
    }

    SignatureDef tensorDefinition() {
      SignatureDef.Builder result = Signatures.definition(ImmutableMap.of(), outputs).toBuilder();
      tensors.forEach((name, given) -> result.putInputs(name, given.info()));
      return result.build();
    }
  }
}
