package org.blip4j.ops.kernel;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

/**
 * {@link PackedKernels} with the products of layers in eight bits. A weight has a scale for each
 * output channel: a number from -127 to 127 for each element, and the largest size in its channel,
 * which stands for 127. The rows have one scale in common, taken from their largest element: a
 * row's result depends a little on its neighbours.
 *
 * <p>Weights in eight bits are variables of their own, made from the float ones by the {@link
 * #preparation}, and belong to no checkpoint.
 */
final class Int8Kernels extends PackedKernels {
  private final GraphContext root;
  private final Map<Variable<TFloat32>, Quantized> made = new LinkedHashMap<>();

  /**
   * One weight.
   *
   * @param values {@code [in, out]}, the bits of qint8, which cannot enter a function
   * @param largest {@code [out]}
   * @param preparation computes both from the float variable
   */
  private record Quantized(
      Operand<TUint8> values, Operand<TFloat32> largest, List<Operation> preparation) {}

  /** Kernels of one graph, given by its root. */
  Int8Kernels(GraphContext root) {
    this.root = root;
  }

  @Override
  public Operand<TFloat32> linear(
      GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight, Operand<TFloat32> bias) {
    return reduced(ctx, weight)
        ? product(ctx, rows, weight, List.of("BiasAdd", "Dequantize"), List.of(bias))
        : super.linear(ctx, rows, weight, bias);
  }

  @Override
  public Operand<TFloat32> linearGelu(
      GraphContext ctx, Operand<TFloat32> rows, KernelSet.Weight weight, Operand<TFloat32> bias) {
    return reduced(ctx, weight)
        ? product(ctx, rows, weight, List.of("BiasAdd", "GeluExact", "Dequantize"), List.of(bias))
        : super.linearGelu(ctx, rows, weight, bias);
  }

  @Override
  public Operand<TFloat32> linearSum(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      Operand<TFloat32> bias,
      Operand<TFloat32> sum) {
    return reduced(ctx, weight)
        ? product(ctx, rows, weight, List.of("BiasAdd", "Add", "Dequantize"), List.of(bias, sum))
        : super.linearSum(ctx, rows, weight, bias, sum);
  }

  @Override
  public Optional<Supplier<Operation>> preparation() {
    return Optional.of(this::prepare);
  }

  private Operation prepare() {
    List<Op> all =
        made.values().stream()
            .flatMap(one -> one.preparation().stream())
            .map(operation -> (Op) () -> operation)
            .toList();
    return root.after(all).tf().withName("quantize").noOp().op();
  }

  private static boolean reduced(GraphContext ctx, KernelSet.Weight weight) {
    return infers(ctx) && weight.reducible() && weight.variable().isPresent();
  }

  private Operand<TFloat32> product(
      GraphContext ctx,
      Operand<TFloat32> rows,
      KernelSet.Weight weight,
      List<String> kinds,
      List<Operand<TFloat32>> arguments) {
    Variable<TFloat32> variable = weight.variable().orElseThrow();
    Quantized kernel = made.computeIfAbsent(variable, this::quantize);
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
            .setAttr("fused_ops", kinds.toArray(String[]::new))
            .build()
            .output(0);
    return ctx.reshape(product, -1, variable.shape().get(1)); // [N, out]
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
    Variable<TUint8> eight =
        Variable.unlisted(
            root,
            new Variable.Spec(kernel.name() + "/int8", kernel.shape(), DataType.DT_UINT8, false));
    Variable<TFloat32> sizes =
        Variable.unlisted(
            root,
            new Variable.Spec(
                kernel.name() + "/largest", kernel.shape().tail(), DataType.DT_FLOAT, false));
    return new Quantized(
        eight.value(), sizes.value(), List.of(eight.assign(ctx, bits), sizes.assign(ctx, largest)));
  }
}
