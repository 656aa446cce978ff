package org.blip4j.graph.task;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

final class VqaModelTest extends GraphTest {
  private VqaModel model;
  private Operand<TFloat32> pixels;

  @BeforeEach
  void create() {
    model = VqaModel.create(vars, BlipConfig.tiny(), 0.1);
    Shape shape = Shape.of(2, 32, 32, 3);
    pixels = floats(shape, values(shape, 5));
  }

  private QuestionBatch batch(float... weights) {
    return new QuestionBatch(
        pixels,
        new Tokens(
            longs(Shape.of(2, 4), 101, 7, 8, 102, 101, 9, 102, 0),
            longs(Shape.of(2, 4), 1, 1, 1, 1, 1, 1, 1, 0)),
        new Tokens(
            longs(Shape.of(3, 3), 101, 11, 102, 101, 102, 0, 101, 12, 102),
            longs(Shape.of(3, 3), 1, 1, 1, 1, 1, 0, 1, 1, 1)),
        ctx.tf().constant(new int[] {0, 0, 1}),
        floats(Shape.of(3), weights));
  }

  @Test
  void theLossIsTheWeightedSumOverTheNumberOfQuestions() {
    Trace trace = new Trace();
    TrainingStep step = model.step(ctx.with(trace), batch(0.7f, 0.3f, 0.5f));

    float[] answers = run(trace.floats("vqa/lm/sequence_loss"));

    assertEquals(3, answers.length);
    float expected = (0.7f * answers[0] + 0.3f * answers[1] + 0.5f * answers[2]) / 2;
    assertClose(new float[] {expected}, run(step.loss()), 1e-4);
  }

  @Test
  void anAnswerWithoutWeightDoesNotCount() {
    float[] first = run(model.step(ctx, batch(0.7f, 0, 0)).loss());
    float[] both = run(model.step(ctx, batch(0.7f, 0, 0.5f)).loss());

    assertTrue(first[0] < both[0], first[0] + " " + both[0]);
  }

  @Test
  void everyVariableIsTrained() {
    Operand<TFloat32> loss = model.step(ctx, batch(0.7f, 0.3f, 0.5f)).loss();
    Output<?>[] handles = vars.trainable().stream().map(Variable::handle).toArray(Output<?>[]::new);

    Output<?>[] gradients = ctx.graph().addGradients(loss.asOutput(), handles);

    assertEquals(vars.all().size(), gradients.length);
    List<Operand<TFloat32>> largest = new ArrayList<>();
    for (Output<?> gradient : gradients) {
      Operand<TFloat32> flat =
          ctx.tf().reshape(gradient.expect(TFloat32.class), ctx.tf().constant(new int[] {-1}));
      largest.add(ctx.tf().reduceMax(ctx.tf().math.abs(flat), ctx.tf().constant(0)));
    }
    float[] found = run(ctx.tf().stack(largest)); // all in one run
    for (int i = 0; i < found.length; i++) {
      String name = vars.trainable().get(i).name();
      assertTrue(found[i] > 0 || name.endsWith("key/bias"), name);
    }
  }
}
