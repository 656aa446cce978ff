package org.blip4j.ops.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TInt64;

/** Sampling: what a row draws, and on what it depends. */
final class NucleusSamplingTest extends GraphTest {
  private static final int VOCABULARY = 12;
  private static final int MAXIMUM = 15;
  private static final EndTokens ENDS = new EndTokens(2, 0);

  private Decoded sample(int samples, long... seeds) {
    DecodingSettings.Sampling settings =
        DecodingSettings.Sampling.nucleus(0.9)
            .withLengths(new DecodingSettings.Lengths(3, MAXIMUM))
            .withSamples(samples);
    long[] prompts = new long[seeds.length];
    Arrays.fill(prompts, 1);
    float[] table = TableStep.logits(VOCABULARY, values(TableStep.shape(VOCABULARY), 5), 2, 0.5f);
    return new NucleusSampling(settings, ENDS)
        .run(
            ctx,
            WhileLoop.Execution.CALLED,
            new TableStep(floats(TableStep.shape(VOCABULARY), table)),
            Prompt.of(longs(Shape.of(seeds.length, 1), prompts)),
            longs(Shape.of(seeds.length), seeds));
  }

  @Test
  void aSeedGivesTheSameTextWhateverSharesItsBatch() {
    long[] together = runInts(sample(1, 7, 8, 9, 10).ids());
    for (int i = 0; i < 4; i++) {
      assertArrayEquals(
          runInts(sample(1, 7 + i).ids()),
          Arrays.copyOfRange(together, i * MAXIMUM, (i + 1) * MAXIMUM));
    }
    assertEquals(
        4,
        LongStream.range(0, 4)
            .mapToObj(
                i ->
                    Arrays.toString(
                        Arrays.copyOfRange(together, (int) i * MAXIMUM, (int) (i + 1) * MAXIMUM)))
            .distinct()
            .count());
  }

  @Test
  void theFirstOfSeveralSamplesIsThatOfTheSeed() {
    long[] three = runInts(sample(3, 7, 8).ids());
    assertArrayEquals(runInts(sample(1, 7).ids()), Arrays.copyOfRange(three, 0, MAXIMUM));
    assertArrayEquals(
        runInts(sample(1, 8).ids()), Arrays.copyOfRange(three, 3 * MAXIMUM, 4 * MAXIMUM));
  }

  @Test
  void endedTextsArePaddedAndTheirLengthCountsTheEnd() {
    Decoded found = sample(1, LongStream.range(0, 40).toArray());
    long[] ids = runInts(found.ids());
    long[] lengths = runInts(found.lengths());
    int ended = 0;
    for (int row = 0; row < 40; row++) {
      long[] text = Arrays.copyOfRange(ids, row * MAXIMUM, (row + 1) * MAXIMUM);
      int length = (int) lengths[row];
      assertTrue(Arrays.stream(text, length, MAXIMUM).allMatch(id -> id == 0));
      long end = Arrays.stream(text).filter(id -> id == 2).count();
      assertEquals(end == 1 ? 2 : text[MAXIMUM - 1], text[length - 1]);
      ended += (int) end;
    }
    assertTrue(ended > 5, "only " + ended + " texts ended");
  }

  @Test
  void drawsFollowTheProbabilities() {
    int draws = 20_000;
    Operand<TInt64> seeds = longs(Shape.of(draws), LongStream.range(0, draws).toArray());
    float[] probabilities = {0.5f, 0.3f, 0.15f, 0.05f};
    float[] scores = new float[draws * 4];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.log((double) probabilities[i % 4]);
    }
    long[] drawn =
        runInts(
            new Warping(1, 0, 0.9)
                .apply(ctx, floats(Shape.of(draws, 4), scores))
                .draw(ctx, NucleusSampling.RowUniform.at(ctx, seeds, ctx.tf().constant(3))));
    double[] shares = new double[4];
    for (long token : drawn) {
      shares[(int) token] += 1.0 / draws;
    }
    assertArrayEquals(new double[] {0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0}, shares, 0.015);
  }
}
