package org.blip4j.ops.layer;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

final class LayerTest extends GraphTest {

  @Test
  void linearMapsTheLastAxis() {
    Linear linear = Linear.create(vars.child("map"), 2, 1);
    GraphContext fixed =
        ctx.withValues(
            Map.of(
                linear.kernel(), floats(Shape.of(2, 1), 2f, 3f),
                linear.bias(), floats(Shape.of(1), 0.5f)));
    Operand<TFloat32> x = floats(Shape.of(1, 2, 2), 1f, 0f, 1f, 1f);
    Operand<TFloat32> y = linear.apply(fixed, x);
    assertEquals(Shape.of(1, 2, 1), y.shape());
    assertClose(new float[] {2.5f, 5.5f}, run(y), 0);
    assertEquals(
        List.of("map/kernel", "map/bias"), vars.all().stream().map(Variable::name).toList());
  }

  @ParameterizedTest
  @EnumSource(names = {"BFLOAT16", "FLOAT16"})
  void narrowProductsStayNearAndHaveGradients(Kernels kernels) {
    Linear linear = Linear.create(vars.child("map"), 2, 1);
    Operand<TFloat32> x = floats(Shape.of(1, 2), 1.001f, 3f);
    GraphContext narrow =
        kernels
            .on(ctx)
            .withValues(
                Map.of(
                    linear.kernel(), floats(Shape.of(2, 1), 2f, 5f),
                    linear.bias(), floats(Shape.of(1), 0.5f)));
    Operand<TFloat32> y = linear.apply(narrow, x);

    float[] product = run(y);
    assertClose(new float[] {17.502f}, product, 0.1);
    assertNotEquals(17.502f, product[0], 1e-4f);
    Output<?>[] gradients = ctx.graph().addGradients(y.asOutput(), new Output<?>[] {x.asOutput()});
    assertClose(
        new float[] {2f, 5f}, run(gradients[0].op().<TFloat32>output(gradients[0].index())), 0);
  }

  @Test
  void linearRefusesAnotherWidth() {
    Linear linear = Linear.create(vars.child("map"), 2, 1);
    var error =
        assertThrows(
            IllegalArgumentException.class,
            () -> linear.apply(ctx, floats(Shape.of(1, 3), 1f, 2f, 3f)));
    assertEquals("input of map/kernel has shape [1, 3]; expected [-1, 2]", error.getMessage());
  }

  @Test
  void allFormsOfLayerNormAgreeWithTheDefinition() {
    LayerNorm norm = LayerNorm.create(vars.child("norm"), 4, 1e-6);
    Operand<TFloat32> x = floats(Shape.of(1, 2, 4), 1f, 2f, 3f, 4f, -5f, 0f, 5f, 20f);
    float[] expected = new float[8];
    float[][] rows = {{1, 2, 3, 4}, {-5, 0, 5, 20}};
    for (int r = 0; r < 2; r++) {
      double mean = 0;
      double variance = 0;
      for (float v : rows[r]) {
        mean += v / 4.0;
      }
      for (float v : rows[r]) {
        variance += (v - mean) * (v - mean) / 4;
      }
      for (int c = 0; c < 4; c++) {
        expected[r * 4 + c] = (float) ((rows[r][c] - mean) / Math.sqrt(variance + 1e-6));
      }
    }
    assertClose(expected, run(norm.apply(ctx, x)), 1e-5);
    assertClose(expected, run(norm.apply(ctx.as(Mode.TRAIN), x)), 1e-5);
    assertClose(expected, run(norm.apply(Kernels.PACKED_BFLOAT16.on(ctx), x)), 1e-5);
    if (Kernels.packedAvailable()) {
      assertClose(expected, run(norm.apply(Kernels.PACKED.on(ctx), x)), 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PORTABLE", "PACKED"})
  void geluIsTheExactOne(Kernels kernels) {
    assumeTrue(kernels == Kernels.PORTABLE || Kernels.packedAvailable());
    Linear linear = Linear.create(vars.child("map"), 1, 1);
    GraphContext same =
        kernels
            .on(ctx)
            .withValues(
                Map.of(
                    linear.kernel(), floats(Shape.of(1, 1), 1f),
                    linear.bias(), floats(Shape.of(1), 0f)));
    Operand<TFloat32> x = floats(Shape.of(3, 1), -1f, 0f, 2f);
    assertClose(new float[] {-0.15865526f, 0f, 1.9544997f}, run(linear.applyGelu(same, x)), 2e-6);
  }

  @Test
  void dropoutScalesWhatItKeepsAndLeavesNoTraceInInference() {
    Dropout dropout = Dropout.create(vars.child("layer"), 0.5);
    float[] ones = new float[1000];
    Arrays.fill(ones, 1f);
    Operand<TFloat32> x = floats(Shape.of(1000), ones);
    assertSame(x, dropout.apply(ctx, x));
    GraphContext training = ctx.as(Mode.TRAIN).with(new Randomness(3, ctx.tf().constant(0L)));
    float[] first = run(dropout.apply(training, x));
    float[] second = run(dropout.apply(training.application("again"), x));
    double kept = 0;
    int differing = 0;
    for (int i = 0; i < first.length; i++) {
      assertEquals(0f, Math.abs(first[i] * (first[i] - 2f)));
      kept += first[i] / 2;
      differing += first[i] == second[i] ? 0 : 1;
    }
    assertEquals(500, kept, 60);
    assertNotEquals(0, differing);
  }

  /** Everything that a stream of random numbers is made of, changed one by one. */
  static List<Arguments> streams() {
    UnaryOperator<Randomness> same = randomness -> randomness;
    return List.of(
        arguments("computed again", "layer", same, true),
        arguments("another application", "layer", forApplication("match"), false),
        arguments("another layer", "other", same, false));
  }

  private static UnaryOperator<Randomness> forApplication(String name) {
    return randomness -> randomness.forApplication(name);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("streams")
  void aStreamIsRunStepLayerAndApplication(
      String what, String layer, UnaryOperator<Randomness> change, boolean equal) {
    Randomness randomness = new Randomness(3, ctx.tf().constant(7L));
    Operand<TFloat32> x = ctx.fill(ctx.tf().constant(new int[] {100}), 1f);
    GraphContext training = ctx.as(Mode.TRAIN).with(randomness);
    float[] first = run(new Dropout(0.5, "layer").apply(training.in("scope"), x));
    float[] second =
        run(
            new Dropout(0.5, layer)
                .apply(training.in("renamed").with(change.apply(randomness)), x));
    assertEquals(equal, Arrays.equals(first, second), what);
    for (Randomness other :
        List.of(new Randomness(4, randomness.step()), new Randomness(3, ctx.tf().constant(8L)))) {
      float[] third = run(new Dropout(0.5, "layer").apply(training.with(other), x));
      assertFalse(Arrays.equals(first, third));
    }
  }

  /** Numbers a row that are and are not a multiple of what the generator gives at a time. */
  @ParameterizedTest
  @ValueSource(ints = {8, 5})
  void aPartOfABatchDrawsWhatItWouldDrawInTheWhole(int width) {
    Randomness whole = new Randomness(3, ctx.tf().constant(7L));
    Dropout dropout = new Dropout(0.5, "layer");
    GraphContext training = ctx.as(Mode.TRAIN);
    float[] expected =
        run(dropout.apply(training.with(whole.forBlocks(3)), ctx.fill(shape(12, width), 1f)));
    float[] paths = run(dropout.applyPerSample(training.with(whole), ctx.fill(shape(4, 2, 3), 1f)));
    for (int first = 0; first < 4; first += 2) {
      BatchPart rows =
          new BatchPart(ctx.tf().constant(first), ctx.tf().constant(2), ctx.tf().constant(4));
      Randomness part = whole.forPart(rows);
      float[] found =
          run(dropout.apply(training.with(part.forBlocks(3)), ctx.fill(shape(6, width), 1f)));
      for (int block = 0; block < 3; block++) {
        int from = (4 * block + first) * width;
        assertArrayEquals(
            Arrays.copyOfRange(expected, from, from + 2 * width),
            Arrays.copyOfRange(found, 2 * block * width, 2 * (block + 1) * width));
      }
      assertArrayEquals(
          Arrays.copyOfRange(paths, 6 * first, 6 * first + 12),
          run(dropout.applyPerSample(training.with(part), ctx.fill(shape(2, 2, 3), 1f))));
    }
  }

  private Operand<TInt32> shape(int... sizes) {
    return ctx.tf().constant(sizes);
  }
}
