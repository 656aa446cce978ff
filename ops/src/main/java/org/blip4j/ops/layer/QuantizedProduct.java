package org.blip4j.ops.layer;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.QuantizedKernels.Quantized;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/**
 * A matrix product in eight bits. The kernel has a scale for each output channel, the rows have one
 * in common, taken from their largest element: a row's result depends a little on its neighbours.
 *
 * @param rows {@code [N, in]}
 * @param kernel {@code [in, out]}
 * @param width out
 */
record QuantizedProduct(Operand<TFloat32> rows, Quantized kernel, long width)
    implements BiasedProduct {

  @Override
  public Operand<TFloat32> withBias(GraphContext ctx, Operand<TFloat32> bias) {
    return product(ctx, List.of("BiasAdd", "Dequantize"), List.of(bias));
  }

  @Override
  public Operand<TFloat32> withBiasAndGelu(GraphContext ctx, Operand<TFloat32> bias) {
    return product(ctx, List.of("BiasAdd", "GeluExact", "Dequantize"), List.of(bias));
  }

  @Override
  public Operand<TFloat32> withBiasAndSum(
      GraphContext ctx, Operand<TFloat32> bias, Operand<TFloat32> sum) {
    return product(ctx, List.of("BiasAdd", "Add", "Dequantize"), List.of(bias, sum));
  }

  private Operand<TFloat32> product(
      GraphContext ctx, List<String> fused, List<Operand<TFloat32>> arguments) {
    Ops tf = ctx.tf();
    Operand<TFloat32> size =
        tf.reduceMax(tf.math.abs(rows), tf.constant(new int[] {0, 1})); // scalar
    Operation quantized =
        ctx.op("QuantizeV2", "rows")
            .addInput(rows.asOutput())
            .addInput(tf.math.neg(size).asOutput())
            .addInput(size.asOutput())
            .setAttr("T", DataType.DT_QINT8)
            .setAttr("mode", "SCALED")
            .setAttr("round_mode", "HALF_TO_EVEN")
            .build();
    Operand<TFloat32> largest = ctx.capture(kernel.largest());
    List<Output<?>> inputs = new ArrayList<>();
    inputs.add(quantized.output(0));
    inputs.add(
        ctx.op("Bitcast", "kernel")
            .addInput(ctx.capture(kernel.values()).asOutput())
            .setAttr("type", DataType.DT_QINT8)
            .build()
            .output(0));
    arguments.forEach(argument -> inputs.add(argument.asOutput()));
    inputs.add(quantized.output(1));
    inputs.add(quantized.output(2));
    inputs.add(tf.math.neg(largest).asOutput());
    inputs.add(largest.asOutput());
    DataType[] types = inputs.stream().map(Output::dataType).toArray(DataType[]::new);
    Output<TFloat32> product =
        ctx.op("_QuantizedMatMul", "product")
            .addInputList(inputs.toArray(new Output<?>[0]))
            .addInputList(new Output<?>[0])
            .setAttr("Tdevice_inputs", types)
            .setAttr("Thost_inputs", new DataType[0])
            .setAttr("Tdevice_outputs", new DataType[] {DataType.DT_FLOAT})
            .setAttr("Thost_outputs", new DataType[0])
            .setAttr("T1", DataType.DT_QINT8)
            .setAttr("T2", DataType.DT_QINT8)
            .setAttr("fused_ops", fused.toArray(String[]::new))
            .build()
            .output(0);
    return ctx.reshape(product, -1, width);
  }
}
