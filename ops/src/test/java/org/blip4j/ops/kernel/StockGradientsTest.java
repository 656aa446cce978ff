package org.blip4j.ops.kernel;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.OwnGradient;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.layer.Dropout;
import org.blip4j.ops.layer.Linear;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/** Gradients that are written by hand are those that TensorFlow derives. */
final class StockGradientsTest extends GraphTest {
  private static final Shape ROWS = Shape.of(3, 2, 8);

  private final KernelSet kernels = new StockKernels();
  private final Operand<TFloat32> x = floats(ROWS, values(ROWS, 1));

  /** In inference nothing is written by hand. */
  private void gradientsAgree(
      Function<GraphContext, Operand<TFloat32>> build, List<Operand<TFloat32>> operands) {
    Operand<TFloat32> derived = build.apply(ctx.in("derived"));
    Operand<TFloat32> own = build.apply(ctx.in("own").as(Mode.TRAIN));
    assertClose(run(derived), run(own), 1e-6);
    Output<?>[] to = operands.stream().map(Operand::asOutput).toArray(Output<?>[]::new);
    Output<?>[] expected = gradients(derived, to);
    Output<?>[] found = gradients(own, to);
    for (int i = 0; i < to.length; i++) {
      assertClose(run(asFloat(expected[i])), run(asFloat(found[i])), 2e-6);
    }
  }

  /** Of a sum of different shares of the result. */
  private Output<?>[] gradients(Operand<TFloat32> result, Output<?>[] to) {
    Shape shape = result.shape();
    Output<?> given = floats(shape, values(shape, 9)).asOutput();
    return ctx.graph()
        .addGradients(
            ctx.tf().scope().makeOpName("gradients"),
            new Output<?>[] {result.asOutput()},
            to,
            new Output<?>[] {given});
  }

  private static Operand<TFloat32> asFloat(Output<?> output) {
    return output.op().output(output.index());
  }

  @Test
  void ofLayerNorm() {
    Operand<TFloat32> weight = floats(Shape.of(8), values(Shape.of(8), 2));
    Operand<TFloat32> bias = floats(Shape.of(8), values(Shape.of(8), 3));
    gradientsAgree(inner -> kernels.norm(inner, x, weight, bias, 1e-6f), List.of(x, weight, bias));
  }

  @Test
  void ofProductsOfAttention() {
    Shape shape = Shape.of(3, 8, 5);
    Operand<TFloat32> y = floats(shape, values(shape, 2));
    gradientsAgree(inner -> kernels.batchMatMul(inner, x, y), List.of(x, y));
  }

  @Test
  void ofGelu() {
    Linear linear = Linear.create(vars.child("map"), 8, 4);
    Operand<TFloat32> kernel = floats(Shape.of(8, 4), values(Shape.of(8, 4), 2));
    Operand<TFloat32> bias = floats(Shape.of(4), values(Shape.of(4), 3));
    gradientsAgree(
        inner ->
            linear.applyGelu(
                inner.withValues(Map.of(linear.kernel(), kernel, linear.bias(), bias)), x),
        List.of(x, kernel, bias));
  }

  @Test
  void ofDropoutIsWhatWasDropped() {
    GraphContext train = ctx.as(Mode.TRAIN).with(new Randomness(3, ctx.tf().constant(0L)));
    Operand<TFloat32> dropped = new Dropout(0.5, "layer").apply(train, x);
    Output<?>[] found = gradients(dropped, new Output<?>[] {x.asOutput()});
    float[] before = values(ROWS, 1);
    float[] given = values(ROWS, 9);
    float[] after = run(dropped);
    float[] expected = new float[after.length];
    int zeros = 0;
    for (int i = 0; i < after.length; i++) {
      expected[i] = given[i] * Math.round(after[i] / before[i]);
      zeros += after[i] == 0 ? 1 : 0;
    }
    assertEquals(24, zeros, 15);
    assertClose(expected, run(asFloat(found[0])), 1e-6);
  }

  @Test
  void aNameIsGivenOnce() {
    assertThrows(
        IllegalStateException.class,
        () -> OwnGradient.define("norm", (inner, operands, gradient) -> operands));
  }
}
