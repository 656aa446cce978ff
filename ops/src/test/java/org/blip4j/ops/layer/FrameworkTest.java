package org.blip4j.ops.layer;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.loss.CrossEntropy;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.activations.GELU;
import org.tensorflow.framework.losses.Losses;
import org.tensorflow.framework.op.FrameworkOps;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * What is used of TensorFlow's framework gives the reference's numbers, and what is not does not.
 */
final class FrameworkTest extends GraphTest {
  private static final Shape LARGE = Shape.of(100, 200);

  private float[] drawn(Initializer initializer) {
    return run(initializer.build(ctx, ctx.tf().constant(LARGE.asArray()), 17));
  }

  private static double[] moments(float[] values) {
    double mean = 0;
    double square = 0;
    for (float value : values) {
      mean += value / (double) values.length;
      square += value * (double) value / values.length;
    }
    return new double[] {mean, Math.sqrt(Math.max(0, square - mean * mean))};
  }

  @Test
  void initialisersHaveTheMomentsOfTheirDistributions() {
    double[] normal = moments(drawn(new Initializer.Normal(0.02f)));
    assertArrayEquals(new double[] {0, 0.02}, normal, 5e-4);
    double[] uniform = moments(drawn(new Initializer.Uniform(0.3f)));
    assertArrayEquals(new double[] {0, 0.6 / Math.sqrt(12)}, uniform, 5e-3);
    for (float value : drawn(new Initializer.Uniform(0.3f))) {
      assertTrue(Math.abs(value) <= 0.3f);
    }
    assertArrayEquals(
        new double[] {0.25, 0}, moments(drawn(new Initializer.Constant(0.25f))), 1e-6);
    assertArrayEquals(drawn(new Initializer.Normal(1)), drawn(new Initializer.Normal(1)));
    float[] rows = drawn(new Initializer.UnitRows());
    double square = 0;
    for (int i = 0; i < 200; i++) {
      square += rows[i] * (double) rows[i];
    }
    assertEquals(1, square, 1e-5);
  }

  /** A normal draw is the stateless operation's own times the deviation, as it always was. */
  @Test
  void aSeedKeepsItsWeights() {
    Operand<TFloat32> plain =
        ctx.tf()
            .random
            .statelessRandomNormal(
                ctx.tf().constant(new long[] {4}),
                ctx.tf().constant(new long[] {17, 0}),
                TFloat32.class);
    assertArrayEquals(
        run(ctx.mul(plain, 0.02f)),
        run(new Initializer.Normal(0.02f).build(ctx, ctx.tf().constant(new long[] {4}), 17)),
        0f);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.1})
  void crossEntropyIsTheReferences(double smoothing) {
    float[] flat = values(Shape.of(3, 5), 2);
    Operand<TFloat32> logits = floats(Shape.of(3, 5), flat);
    long[] targets = {4, CrossEntropy.IGNORE, 0};
    float[] expected = new float[3];
    for (int row = 0; row < 3; row += 2) {
      double sum = 0;
      for (int c = 0; c < 5; c++) {
        sum += Math.exp(flat[row * 5 + c]);
      }
      for (int c = 0; c < 5; c++) {
        double target = smoothing / 5 + (c == targets[row] ? 1 - smoothing : 0);
        expected[row] -= (float) (target * (flat[row * 5 + c] - Math.log(sum)));
      }
    }
    Operand<TFloat32> losses =
        CrossEntropy.hard(ctx, logits, longs(Shape.of(3), targets), smoothing);
    assertClose(expected, run(losses), 1e-5);
    Output<?> gradient =
        ctx.graph().addGradients(losses.asOutput(), new Output<?>[] {logits.asOutput()})[0];
    float[] slopes = run(gradient.op().<TFloat32>output(gradient.index()));
    for (int row = 0; row < 3; row++) {
      double sum = 0;
      for (int c = 0; c < 5; c++) {
        sum += slopes[row * 5 + c];
      }
      assertEquals(0, sum, 1e-6, "softmax - target sums to 0");
      assertEquals(row == 1, slopes[row * 5] == 0 && slopes[row * 5 + 1] == 0);
    }
    Operand<TFloat32> distribution = ctx.oneHot(ctx.tf().constant(new int[] {4, 1, 0}), 5, 1, 0);
    float[] smoothed =
        run(
            Losses.categoricalCrossentropy(
                ctx.tf(), distribution, logits, true, (float) smoothing, -1));
    assertEquals(expected[0], smoothed[0], 1e-5, "its smoothing is the same formula");
  }

  @Test
  void geluIsTheSameFunction() {
    Linear linear = Linear.create(vars.child("map"), 1, 1);
    GraphContext same =
        ctx.withValues(
            Map.of(
                linear.kernel(), floats(Shape.of(1, 1), 1f),
                linear.bias(), floats(Shape.of(1), 0f)));
    Operand<TFloat32> x = floats(Shape.of(5, 1), -3f, -1f, 0f, 0.5f, 2f);
    assertClose(run(GELU.gelu(ctx.tf(), x)), run(linear.applyGelu(same, x)), 2e-6);
  }

  @Test
  void lengthsBelowItsBoundAreNotNormalisedByTheFramework() {
    Operand<TFloat32> x = floats(Shape.of(2, 2), 3f, 4f, 3e-9f, 4e-9f);
    float[] ours = run(Normalize.apply(ctx, x));
    assertClose(new float[] {0.6f, 0.8f, 0.6f, 0.8f}, ours, 1e-5);
    float[] theirs = run(FrameworkOps.create(ctx.tf()).math.l2Normalize(x, new int[] {1}));
    assertClose(new float[] {0.6f, 0.8f, 3e-3f, 4e-3f}, theirs, 1e-5);
  }
}
