package org.blip4j.training.optimize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.blip4j.ops.testing.TensorAssert;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** AdamW against its definition in double precision, and clipping. */
final class AdamWTest extends GraphTest {
  private static final double RATE = 1e-2;
  private static final Shape MATRIX = Shape.of(2, 2);

  private final Variable<TFloat32> kernel = vars.create("kernel", MATRIX, Initializer.ones());
  private final Variable<TFloat32> bias =
      vars.create("bias", Shape.of(2), new Initializer.Constant(-0.5f));
  private final Operand<TInt64> step =
      ctx.tf().placeholder(TInt64.class, Placeholder.shape(Shape.scalar()));

  @Test
  void fiveStepsEqualTheDefinition() {
    float[][] gradients = {
      {0.1f, -0.2f, 3e-4f, 2f},
      {0.5f, -0.1f, 1e-4f, -2f},
      {0f, 0f, 0f, 0f},
      {1e-6f, 0.3f, -0.2f, 0.1f},
      {0.2f, 0.2f, 0.2f, 0.2f}
    };
    Operand<TFloat32> gradient = ctx.tf().placeholder(TFloat32.class, Placeholder.shape(MATRIX));
    AdamW optimizer = AdamW.create(vars, List.of(kernel), AdamW.Settings.published());
    Operation update = update(optimizer, List.of(gradient));
    double[] p = {1, 1, 1, 1};
    double[] m = new double[4];
    double[] v = new double[4];

    for (int t = 1; t <= gradients.length; t++) {
      runUpdate(update, gradient, gradients[t - 1], t - 1);
      for (int i = 0; i < 4; i++) {
        double g = gradients[t - 1][i];
        p[i] *= 1 - RATE * 0.05;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        p[i] -=
            RATE
                * (m[i] / (1 - Math.pow(0.9, t)))
                / (Math.sqrt(v[i] / (1 - Math.pow(0.999, t))) + 1e-8);
        assertEquals(p[i], run(kernel.value())[i], 3e-7, "step " + t + " element " + i);
      }
    }
  }

  @Test
  void biasesAreSparedOnlyIfAsked() {
    Operand<TFloat32> zeros = floats(MATRIX, 0, 0, 0, 0);
    Operand<TFloat32> zero = floats(Shape.of(2), 0, 0);
    AdamW.Settings matrices =
        new AdamW.Settings(
            0.9,
            0.999,
            1e-8,
            0.05,
            DecayScope.MATRICES,
            Optional.empty(),
            GradientClip.Scope.ALL,
            1);
    AdamW optimizer = AdamW.create(vars, List.of(kernel, bias), matrices);
    Operation update = update(optimizer, List.of(zeros, zero));

    runUpdate(update, null, null, 0);

    assertEquals(1, optimizer.decaying());
    TensorAssert.assertClose(new float[] {-0.5f, -0.5f}, run(bias.value()), 0);
    assertEquals(1 - RATE * 0.05, run(kernel.value())[0], 1e-7);
  }

  @Test
  void momentsAreStateUnderTheVariablesNames() {
    AdamW.create(vars, List.of(bias), AdamW.Settings.published());

    assertEquals(Shape.of(2), vars.get("optimizer/m/bias").shape());
    assertEquals(Shape.of(2), vars.get("optimizer/v/bias").shape());
    assertEquals(List.of(kernel, bias), vars.trainable());
  }

  @Test
  void gradientsAreScaledToTheLimit() {
    Operand<TFloat32> a = floats(Shape.of(2), 3, 0);
    Operand<TFloat32> b = floats(Shape.of(1), 4);

    GradientClip clipped =
        GradientClip.apply(
            ctx, List.of(a, b), List.of(kernel, bias), Optional.of(1.0), GradientClip.Scope.ALL);
    GradientClip loose =
        GradientClip.apply(
            ctx, List.of(a, b), List.of(kernel, bias), Optional.of(100.0), GradientClip.Scope.ALL);

    TensorAssert.assertClose(new float[] {5}, run(clipped.norm()), 1e-6);
    TensorAssert.assertClose(new float[] {0.6f, 0}, run(clipped.gradients().get(0)), 1e-6);
    TensorAssert.assertClose(new float[] {4}, run(loose.gradients().get(1)), 0);
    assertEquals(
        List.of(a, b),
        GradientClip.apply(
                ctx, List.of(a, b), List.of(kernel, bias), Optional.empty(), GradientClip.Scope.ALL)
            .gradients());
  }

  @Test
  void scalarsCanBeLeftOutOfTheNormAndTakeStepsOfTheirOwnLength() {
    Variable<TFloat32> temperature =
        vars.create("temp", Shape.scalar(), new Initializer.Constant(0.5f));
    Operand<TFloat32> small = floats(Shape.of(2), 3, 4);
    Operand<TFloat32> huge = floats(Shape.scalar(), 1000);

    GradientClip clipped =
        GradientClip.apply(
            ctx,
            List.of(small, huge),
            List.of(bias, temperature),
            Optional.of(1.0),
            GradientClip.Scope.WITHOUT_SCALARS);
    AdamW.Settings slow =
        new AdamW.Settings(
            0.9,
            0.999,
            1e-8,
            0,
            DecayScope.ALL,
            Optional.of(1.0),
            GradientClip.Scope.WITHOUT_SCALARS,
            0.02);
    AdamW optimizer = AdamW.create(vars, List.of(bias, temperature), slow);
    Operation update = update(optimizer, clipped.gradients());

    TensorAssert.assertClose(new float[] {5}, run(clipped.norm()), 1e-6);
    TensorAssert.assertClose(new float[] {0.6f, 0.8f}, run(clipped.gradients().get(0)), 1e-6);
    assertEquals(huge, clipped.gradients().get(1));
    assertEquals(List.of("bias", "temp"), clipped.partNorms().keySet().asList());
    TensorAssert.assertClose(new float[] {1000}, run(clipped.partNorms().get("temp")), 0);

    runUpdate(update, null, null, 0);

    TensorAssert.assertClose(new float[] {-0.51f, -0.51f}, run(bias.value()), 1e-6);
    TensorAssert.assertClose(new float[] {0.5f - 0.0002f}, run(temperature.value()), 1e-6);
  }

  @Test
  void aMissingGradientIsRefused() {
    AdamW optimizer = AdamW.create(vars, List.of(kernel, bias), AdamW.Settings.published());
    assertThrows(
        IllegalArgumentException.class,
        () -> update(optimizer, List.of(floats(MATRIX, 0, 0, 0, 0))));
  }

  private Operation update(AdamW optimizer, List<Operand<TFloat32>> gradients) {
    GraphContext inner = ctx.in("train");
    return ctx.after(optimizer.apply(inner, gradients, ctx.tf().constant((float) RATE), step))
        .op("NoOp", "update")
        .build();
  }

  private void runUpdate(Operation update, Operand<TFloat32> gradient, float[] values, long taken) {
    try (TInt64 fed = TInt64.scalarOf(taken);
        TFloat32 fedGradient = TFloat32.tensorOf(MATRIX)) {
      var runner = session().runner().feed(step, fed).addTarget(update);
      if (gradient != null) {
        fedGradient.asRawTensor().data().asFloats().write(values);
        runner.feed(gradient, fedGradient);
      }
      runner.run().close();
    }
  }
}
