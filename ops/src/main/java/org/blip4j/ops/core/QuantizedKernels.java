package org.blip4j.ops.core;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * Kernels in eight bits, made from float variables once they have their values: a number from -127
 * to 127 for each element, and the largest size in each output channel, which stands for 127.
 *
 * <p>They are variables of their own and belong to no checkpoint.
 */
public final class QuantizedKernels {
  private final GraphContext root;
  private final Map<Variable<TFloat32>, Quantized> made = new LinkedHashMap<>();

  /**
   * One kernel.
   *
   * @param values {@code [in, out]}, the bits of qint8, which cannot enter a function
   * @param largest {@code [out]}
   * @param preparation computes both from the float variable
   */
  public record Quantized(
      Operand<TUint8> values, Operand<TFloat32> largest, List<Operation> preparation) {}

  QuantizedKernels(GraphContext root) {
    this.root = root;
  }

  /** The kernel {@code [in, out]} in eight bits, in the outermost graph. */
  public Quantized of(Variable<TFloat32> kernel) {
    return made.computeIfAbsent(kernel, this::quantize);
  }

  /** Computes all kernels; to be run once, after the float variables have their values. */
  public Operation prepare() {
    List<Op> all =
        made.values().stream()
            .flatMap(one -> one.preparation().stream())
            .map(operation -> (Op) () -> operation)
            .toList();
    return root.after(all).tf().withName("quantize").noOp().op();
  }

  private Quantized quantize(Variable<TFloat32> kernel) {
    GraphContext ctx = root.in("quantize");
    Ops tf = ctx.tf();
    Operand<TFloat32> largest =
        ctx.maximum(ctx.max(tf.math.abs(kernel.value()), 0), Float.MIN_NORMAL); // [out]
    Output<?> values =
        ctx.op("QuantizeV2", "values")
            .addInput(kernel.value())
            .addInput(tf.math.neg(largest).asOutput())
            .addInput(largest.asOutput())
            .setAttr("T", DataType.DT_QINT8)
            .setAttr("mode", "SCALED")
            .setAttr("round_mode", "HALF_TO_EVEN")
            .setAttr("narrow_range", true)
            .setAttr("axis", 1L)
            .build()
            .output(0);
    Output<TUint8> bits =
        ctx.op("Bitcast", "bits")
            .addInput(values)
            .setAttr("type", DataType.DT_UINT8)
            .build()
            .output(0);
    Stored<TUint8> eight = new Stored<>(kernel.name() + "/int8", bits, kernel);
    Stored<TFloat32> sizes = new Stored<>(kernel.name() + "/largest", largest.asOutput(), kernel);
    return new Quantized(eight.read, sizes.read, List.of(eight.assign, sizes.assign));
  }

  /** A variable that is not registered: it takes part in no checkpoint. */
  private final class Stored<T extends TType> {
    private final Output<T> read;
    private final Operation assign;

    Stored(String name, Output<?> value, Variable<TFloat32> kernel) {
      GraphOperation handle =
          (GraphOperation)
              root.absoluteOp("VarHandleOp", name)
                  .setAttr("dtype", value.dataType())
                  .setAttr(
                      "shape",
                      value.dataType() == DataType.DT_FLOAT
                          ? kernel.shape().tail()
                          : kernel.shape())
                  .setAttr("shared_name", name)
                  .build();
      this.read =
          root.absoluteOp("ReadVariableOp", name + "/read")
              .addInput(handle.output(0))
              .setAttr("dtype", value.dataType())
              .build()
              .output(0);
      this.assign =
          root.absoluteOp("AssignVariableOp", name + "/assign")
              .addInput(handle.output(0))
              .addInput(value)
              .setAttr("dtype", value.dataType())
              .build();
    }
  }
}
