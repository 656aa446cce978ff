package org.blip4j.graph.task;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedEncoder;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

final class NlvrModelTest extends GraphTest {
  private static final BlipConfig CONFIG = config(8);

  /** Merging begins in the seventh layer. */
  private static BlipConfig config(int layers) {
    BlipConfig tiny = BlipConfig.tiny();
    TextConfig text = tiny.text();
    return new BlipConfig(
        tiny.vision(),
        new TextConfig(120, 32, layers, 4, 64, 64, 1e-12, 0, text.tokens()),
        tiny.embedDim(),
        tiny.initialization());
  }

  private Operand<TFloat32> pixels(int seed) {
    Shape shape = Shape.of(2, 32, 32, 3);
    return floats(shape, values(shape, seed));
  }

  private Tokens tokens() {
    return new Tokens(
        longs(Shape.of(2, 4), 101, 7, 8, 102, 101, 9, 102, 0),
        longs(Shape.of(2, 4), 1, 1, 1, 1, 1, 1, 1, 0));
  }

  private ImagePairBatch batch(Operand<TFloat32> first, Operand<TFloat32> second) {
    return new ImagePairBatch(first, second, tokens(), longs(Shape.of(2), 1, 0));
  }

  @Test
  void everyWeightLearns() {
    NlvrModel model = NlvrModel.create(vars, CONFIG);
    Operand<TFloat32> loss = model.step(ctx.as(Mode.TRAIN), batch(pixels(5), pixels(6))).loss();
    List<Variable<TFloat32>> weights = vars.trainable();
    Output<?>[] handles = weights.stream().map(Variable::handle).toArray(Output<?>[]::new);
    Output<?>[] gradients = ctx.graph().addGradients(loss.asOutput(), handles);
    for (int i = 0; i < gradients.length; i++) {
      assertNotNull(gradients[i], weights.get(i).name());
    }
    assertEquals(
        List.of(
            "text_encoder/encoder/layer/6/crossattention/output/merge_layer/kernel",
            "text_encoder/encoder/layer/7/crossattention/output/merge_layer/kernel"),
        weights.stream()
            .map(Variable::name)
            .filter(name -> name.endsWith("merge_layer/kernel"))
            .toList());
  }

  @Test
  void eachImageHasItsPlace() {
    NlvrModel model = NlvrModel.create(vars, CONFIG);
    float[] logits = logits(model, Mode.INFER, pixels(5), pixels(6));
    float[] swapped = logits(model, Mode.INFER, pixels(6), pixels(5));
    assertTrue(Math.abs(logits[0] - swapped[0]) > 1e-4, Arrays.toString(logits));
    assertClose(logits, logits(model, Mode.TRAIN, pixels(5), pixels(6)), 1e-5);
  }

  private float[] logits(
      NlvrModel model, Mode mode, Operand<TFloat32> first, Operand<TFloat32> second) {
    Trace trace = new Trace();
    model.step(ctx.as(mode).with(trace), batch(first, second));
    return run(trace.floats("logits"));
  }

  @Test
  void theLossIsTheMeanCrossEntropy() {
    NlvrModel model = NlvrModel.create(vars, config(2));
    Trace named = new Trace();
    TrainingStep step = model.step(ctx.as(Mode.TRAIN).with(named), batch(pixels(5), pixels(6)));
    float[] logits = run(named.floats("logits"));
    double expected =
        (Math.log1p(Math.exp(logits[0] - logits[1])) + Math.log1p(Math.exp(logits[3] - logits[2])))
            / 2;
    assertEquals(expected, run(step.loss())[0], 1e-5);
    assertEquals(2, named.series("match/layer").size());
  }

  @Test
  void aLayerOverTwoImagesRefusesOne() {
    Blip blip = Blip.create(vars, config(2), Task.NLVR);
    ImageStates images = blip.vision().apply(ctx, pixels(5));
    MedStack stack = blip.judging().encoder().stack();
    Attended one = stack.project(ctx, 0, images.attended());
    ImageGroundedEncoder encoder = blip.judging().encoder();
    var refused =
        assertThrows(IllegalArgumentException.class, () -> encoder.apply(ctx, tokens(), one));
    assertEquals("this layer attends 2 sequences, 1 are given", refused.getMessage());
    var other = assertThrows(IllegalStateException.class, blip::decoder);
    assertEquals("a NLVR model cannot write captions", other.getMessage());
  }
}
