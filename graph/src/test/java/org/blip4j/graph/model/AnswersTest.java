package org.blip4j.graph.model;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.generate.AnswerRanking;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/** Answers that are ranked and answers that are written. */
final class AnswersTest extends GraphTest {
  private static final double SMOOTHING = 0.1;

  private GraphContext infer;
  private Blip blip;
  private TextStates questions; // two, the second one padded

  @BeforeEach
  void create() {
    infer = ctx.as(Mode.INFER);
    blip = Blip.create(vars, BlipConfig.tiny(), Task.VQA);
    questions =
        read(
            new Tokens(
                longs(Shape.of(2, 5), 101, 7, 8, 9, 102, 101, 9, 102, 0, 0),
                longs(Shape.of(2, 5), 1, 1, 1, 1, 1, 1, 1, 1, 0, 0)),
            0,
            1);
  }

  private TextStates read(Tokens tokens, int... images) {
    Shape shape = Shape.of(2, 32, 32, 3);
    Operand<TFloat32> pixels = floats(shape, values(shape, 5));
    return blip.answering()
        .read(
            infer,
            tokens,
            blip.vision()
                .apply(
                    infer,
                    infer
                        .tf()
                        .gather(pixels, infer.tf().constant(images), infer.tf().constant(0))));
  }

  /** Four answers of which the first and the third begin with the same token. */
  private Tokens candidates() {
    return new Tokens(
        longs(Shape.of(4, 4), 101, 11, 102, 0, 101, 12, 13, 102, 101, 11, 14, 102, 101, 102, 0, 0),
        longs(Shape.of(4, 4), 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0));
  }

  private AnswerRanking.Result rank(int most, int[]... rows) {
    return AnswerRanking.of(blip, SMOOTHING)
        .rank(
            infer,
            questions.attended(),
            new AnswerRanking.Candidates(candidates(), infer.tf().constant(rows)),
            infer.tf().constant(most));
  }

  @Test
  void scoresAreTheLossesOfTheWholeAnswers() {
    int[] all = {0, 1, 2, 3};
    AnswerRanking.Result result = rank(9, all, all);
    int[] kept = whole(result.kept());
    for (double smoothing : new double[] {0, SMOOTHING}) {
      float[] losses = losses(smoothing);
      float[] expected = new float[8];
      for (int i = 0; i < 8; i++) {
        expected[i] = -losses[i / 4 * 4 + kept[i]];
      }
      assertClose(expected, run(smoothing == 0 ? result.logProbs() : result.scores()), 1e-4);
    }
  }

  private int[] whole(Operand<? extends TNumber> numbers) {
    float[] floats = run(infer.tf().dtypes.cast(numbers, TFloat32.class));
    int[] whole = new int[floats.length];
    Arrays.setAll(whole, i -> (int) floats[i]);
    return whole;
  }

  private float[] losses(double smoothing) {
    int[] owners = {0, 0, 0, 0, 1, 1, 1, 1};
    Tokens twice = candidates().concat(infer, candidates()).withFirst(infer, 118);
    return run(
        LmLoss.compute(
                infer,
                blip.answering().answers(),
                twice,
                blip.answering()
                    .answers()
                    .stack()
                    .project(infer, questions.attended())
                    .gather(infer, infer.tf().constant(owners)),
                new LmLoss.Settings(0, smoothing))
            .sequenceLoss());
  }

  @Test
  void theLikeliestFirstTokensAreKeptAndOfEqualOnesTheEarlierCandidate() {
    AnswerRanking.Result result = rank(3, new int[] {0, 1, 2, 3}, new int[] {2, 0, -1, -1});

    int[] kept = whole(result.kept());
    float[] probabilities = run(result.probabilities());
    float[] keptProbabilities = run(result.keptProbabilities());

    assertEquals(probabilities[0], probabilities[2]);
    for (int row = 0; row < 2; row++) {
      for (int place = 0; place < 3; place++) {
        int at = row * 3 + place;
        assertEquals(probabilities[row * 4 + kept[at]], keptProbabilities[at]);
        assertTrue(place == 0 || keptProbabilities[at] <= keptProbabilities[at - 1]);
      }
    }
    assertArrayEquals(new int[] {0, 1, 2}, Arrays.copyOfRange(kept, 3, 6));
    assertEquals(-1, keptProbabilities[5]);
  }

  @Test
  void aQuestionGetsTheAnswerThatItHasAlone() {
    TextStates second =
        read(new Tokens(longs(Shape.of(1, 3), 101, 9, 102), longs(Shape.of(1, 3), 1, 1, 1)), 1);
    DecodingSettings.Beams settings =
        DecodingSettings.Beams.captions().withLengths(new DecodingSettings.Lengths(1, 6));
    AnswerGenerator generator = AnswerGenerator.of(blip, 1);
    Decoded together = generator.search(infer, questions.attended(), settings);
    Decoded alone = generator.search(infer.in("alone"), second.attended(), settings);

    int[] ids = whole(together.ids());

    assertEquals(118, ids[0]);
    assertArrayEquals(Arrays.copyOfRange(ids, 6, 12), whole(alone.ids()));
    assertClose(new float[] {run(together.logProbs())[1]}, run(alone.logProbs()), 1e-5);
  }

  @Test
  void otherModelsCannotAnswer() {
    Blip captioner = Blip.create(vars.child("other"), BlipConfig.tiny(), Task.CAPTION);
    var error = assertThrows(IllegalStateException.class, () -> AnswerGenerator.of(captioner, 1));
    assertEquals("a CAPTION model cannot answer questions", error.getMessage());
  }
}
