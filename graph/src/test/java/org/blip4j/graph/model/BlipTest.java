package org.blip4j.graph.model;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.text.MedLayer;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

final class BlipTest extends GraphTest {
  private static final BlipConfig CONFIG = BlipConfig.tiny();

  private Operand<TFloat32> pixels(int batch) {
    Shape shape = Shape.of(batch, 32, 32, 3);
    return floats(shape, values(shape, 5));
  }

  private Tokens tokens(long first) {
    return new Tokens(
        longs(Shape.of(2, 4), first, 7, 8, 102, first, 9, 102, 0),
        longs(Shape.of(2, 4), 1, 1, 1, 1, 1, 1, 1, 0));
  }

  @Test
  void threeModesShareTheSameObjects() {
    Blip blip = Blip.create(vars, CONFIG, Task.PRETRAIN);
    MedStack encoder = blip.matching().dual().text();
    MedStack decoder = blip.decoder().stack();
    assertSame(encoder, blip.matching().grounded().stack());
    assertSame(encoder.embeddings(), decoder.embeddings());
    for (int i = 0; i < encoder.layers().size(); i++) {
      MedLayer ours = encoder.layers().get(i);
      MedLayer theirs = decoder.layers().get(i);
      assertNotSame(ours.selfAttention(), theirs.selfAttention());
      assertSame(ours.crossAttention(), theirs.crossAttention());
      assertSame(ours.feedForward(), theirs.feedForward());
    }
  }

  @Test
  void questionsAndAnswersShareNothing() {
    Blip blip = Blip.create(vars, CONFIG, Task.VQA);
    MedStack questions = blip.answering().questions().stack();
    MedStack answers = blip.answering().answers().stack();
    assertNotSame(questions.embeddings(), answers.embeddings());
    for (int i = 0; i < questions.layers().size(); i++) {
      assertNotSame(questions.layers().get(i), answers.layers().get(i));
    }
    var error = assertThrows(IllegalStateException.class, blip::decoder);
    assertEquals("a VQA model cannot write captions", error.getMessage());
  }

  @Test
  void applyingAgainAddsNoVariable() {
    Blip blip = Blip.create(vars, CONFIG, Task.PRETRAIN);
    int variables = vars.all().size();
    for (Mode mode : Mode.values()) {
      ImageStates images = blip.vision().apply(ctx.as(mode), pixels(2));
      blip.matching().itmLogits(ctx.as(mode), tokens(119), images);
      blip.matching().dual().textFeatures(ctx.as(mode), tokens(101));
      Attended attended = blip.decoder().stack().project(ctx.as(mode), images.attended());
      blip.decoder().logits(ctx.as(mode), tokens(118), attended);
    }
    assertEquals(variables, vars.all().size());
  }

  @Test
  void theGradientOfASharedKernelIsTheSumOverTheModes() {
    Blip blip = Blip.create(vars, CONFIG, Task.PRETRAIN);
    var train = ctx.as(Mode.TRAIN);
    ImageStates images = blip.vision().apply(train, pixels(2));
    Attended attended = blip.decoder().stack().project(train, images.attended());
    Operand<TFloat32> unimodal = sum(blip.matching().dual().textFeatures(train, tokens(101)));
    Operand<TFloat32> grounded = sum(blip.matching().itmLogits(train, tokens(119), images));
    Operand<TFloat32> decoded = sum(blip.decoder().logits(train, tokens(118), attended));
    Variable<TFloat32> shared = vars.get("text_encoder/encoder/layer/0/intermediate/dense/kernel");
    float[] whole =
        gradient(train.tf().math.add(train.tf().math.add(unimodal, grounded), decoded), shared);
    float[] first = gradient(unimodal, shared);
    float[] second = gradient(grounded, shared);
    float[] third = gradient(decoded, shared);
    for (int i = 0; i < whole.length; i++) {
      first[i] += second[i] + third[i];
    }
    assertClose(whole, first, 1e-4);
  }

  @Test
  void stepsWithACacheGiveTheLogitsOfTheWholeText() {
    Blip blip = Blip.create(vars, CONFIG, Task.CAPTION);
    ImageGroundedDecoder decoder = blip.decoder();
    Attended attended =
        decoder.stack().project(ctx, blip.vision().apply(ctx, pixels(2)).attended());
    Operand<TInt64> ids = longs(Shape.of(2, 3), 118, 7, 8, 118, 9, 11);
    Tokens whole = new Tokens(ids, longs(Shape.of(2, 3), 1, 1, 1, 1, 1, 1));
    float[] expected = run(decoder.states(ctx, whole, attended).hidden()); // [2, 3, W]
    Optional<List<KeysValues>> cache = Optional.empty();
    for (int t = 1; t < 3; t++) {
      int from = t == 1 ? 0 : t;
      int columns = t == 1 ? 2 : 1;
      ImageGroundedDecoder.Step step =
          decoder.step(
              ctx,
              ctx.tf()
                  .slice(
                      ids,
                      ctx.tf().constant(new int[] {0, from}),
                      ctx.tf().constant(new int[] {2, columns})),
              ctx.tf().constant(from),
              cache,
              attended);
      cache = Optional.of(step.cache());
      float[] state = run(step.state());
      int width = CONFIG.text().width();
      for (int b = 0; b < 2; b++) {
        float[] row = new float[width];
        float[] actual = new float[width];
        System.arraycopy(expected, (b * 3 + t) * width, row, 0, width);
        System.arraycopy(state, b * width, actual, 0, width);
        assertClose(row, actual, 2e-5);
      }
    }
  }

  @Test
  void trainingAndInferenceGraphsAgreeWithoutDropout() {
    Blip blip = Blip.create(vars, CONFIG, Task.RETRIEVAL);
    Operand<TFloat32> pixels = pixels(2);
    float[] training = logits(blip, Mode.TRAIN, pixels);
    assertClose(training, logits(blip, Mode.INFER, pixels), 1e-5);
  }

  private float[] logits(Blip blip, Mode mode, Operand<TFloat32> pixels) {
    var inner = ctx.as(mode);
    return run(blip.matching().itmLogits(inner, tokens(119), blip.vision().apply(inner, pixels)));
  }

  @Test
  void saysWhatAModelCannotDo() {
    Blip blip = Blip.create(vars, CONFIG, Task.CAPTION);
    var error = assertThrows(IllegalStateException.class, blip::matching);
    assertEquals("a CAPTION model cannot match images with texts", error.getMessage());
  }

  private Operand<TFloat32> sum(Operand<TFloat32> x) {
    return ctx.tf()
        .reduceSum(ctx.tf().reshape(x, ctx.tf().constant(new int[] {-1})), ctx.tf().constant(0));
  }

  private float[] gradient(Operand<TFloat32> loss, Variable<TFloat32> variable) {
    Output<?>[] gradients =
        ctx.graph().addGradients(loss.asOutput(), new Output<?>[] {variable.value()});
    return run(gradients[0].expect(TFloat32.class));
  }
}
