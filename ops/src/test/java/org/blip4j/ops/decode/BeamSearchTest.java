package org.blip4j.ops.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Optional;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.ndarray.Shape;

/** Beam search against a plain reference, for prompts of equal and of unequal lengths. */
final class BeamSearchTest extends GraphTest {
  private static final int VOCABULARY = 12;
  private static final int END = 2;
  private static final EndTokens ENDS = new EndTokens(END, 0);

  private final float[] table =
      TableStep.logits(VOCABULARY, values(TableStep.shape(VOCABULARY), 5), END, 1.5f);

  private TableStep step() {
    return new TableStep(floats(TableStep.shape(VOCABULARY), table));
  }

  private static DecodingSettings.Beams settings(LengthNormalization normalization) {
    return new DecodingSettings.Beams(3, new DecodingSettings.Lengths(4, 12), 1.2, normalization);
  }

  @ParameterizedTest
  @EnumSource(LengthNormalization.class)
  void bestTextsAreTheReferences(LengthNormalization normalization) {
    DecodingSettings.Beams settings = settings(normalization);
    long[] prompts = new long[2 * VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) {
      prompts[2 * i] = 1;
      prompts[2 * i + 1] = i == END ? 0 : i;
    }
    Decoded found =
        new BeamSearch(settings, ENDS)
            .run(
                ctx,
                WhileLoop.Execution.CALLED,
                step(),
                Prompt.of(longs(Shape.of(VOCABULARY, 2), prompts)))
            .best();
    long[] ids = runInts(found.ids());
    for (int i = 0; i < VOCABULARY; i++) {
      assertArrayEquals(
          new ReferenceBeamSearch(table, VOCABULARY, settings, END)
              .run(1, (int) prompts[2 * i + 1]),
          Arrays.copyOfRange(ids, 12 * i, 12 * (i + 1)));
    }
  }

  @ParameterizedTest
  @EnumSource(LengthNormalization.class)
  void promptsOfUnequalLengthsAreAsAlone(LengthNormalization normalization) {
    DecodingSettings.Beams settings = settings(normalization);
    Prompt prompt =
        new Prompt(
            longs(Shape.of(3, 5), 1, 5, 0, 0, 0, 1, 7, 2, 9, 4, 1, 0, 0, 0, 0),
            Optional.of(ctx.tf().constant(new int[] {2, 5, 1})));
    Decoded found =
        new BeamSearch(settings, ENDS).run(ctx, WhileLoop.Execution.CALLED, step(), prompt).best();
    long[] ids = runInts(found.ids());
    Integer[][] alone = {{1, 5}, {1, 7, 2, 9, 4}, {1}};
    for (int i = 0; i < alone.length; i++) {
      assertArrayEquals(
          new ReferenceBeamSearch(table, VOCABULARY, settings, END).run(alone[i]),
          Arrays.copyOfRange(ids, 12 * i, 12 * (i + 1)));
    }
  }

  @Test
  void ofEqualHypothesesTheEarliestGivesWayAndTheLatestWins() {
    Hypotheses pool = Hypotheses.none(ctx, longs(Shape.of(1, 2, 1), 0, 0));
    pool = pool.insert(ctx, found(new float[] {-1, -1}, 1, 2));
    assertArrayEquals(new long[] {2, 1}, runInts(pool.ids()));
    Hypotheses better = pool.insert(ctx, found(new float[] {-0.5f, -1}, 3, 4));
    assertArrayEquals(new long[] {3, 2}, runInts(better.ids()));
    Hypotheses equal = pool.insert(ctx, found(new float[] {-1, -2}, 3, 4));
    assertArrayEquals(new long[] {2, 1}, runInts(equal.ids()));
  }

  private Hypotheses found(float[] scores, long... ids) {
    return new Hypotheses(
        longs(Shape.of(1, 2, 1), ids),
        ctx.tf().constant(new int[][] {{1, 1}}),
        floats(Shape.of(1, 2), scores),
        floats(Shape.of(1, 2), scores));
  }

  @Test
  void promptsThatFillTheTextAreRefused() {
    DecodingSettings.Beams settings =
        DecodingSettings.Beams.captions().withLengths(new DecodingSettings.Lengths(1, 2));
    Prompt prompt = Prompt.of(longs(Shape.of(1, 2), 1, 5));
    IllegalArgumentException thrown =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new BeamSearch(settings, ENDS)
                    .run(ctx, WhileLoop.Execution.CALLED, step(), prompt));
    assertEquals(
        "the prompt has 2 tokens with the start token, but the maximum length is 2; it must be"
            + " larger",
        thrown.getMessage());
  }

  @Test
  void settingsOutOfRangeAreNamed() {
    assertMessage(
        "beams 0 is less than 1; use 1 for greedy search, 3 for captions",
        () -> DecodingSettings.Beams.captions().withBeams(0));
    assertMessage(
        "nucleus 1.5 is not between 0 and 1; 0.9 is usual, 1 keeps all tokens, 0 the likeliest"
            + " alone",
        () -> DecodingSettings.Sampling.nucleus(1.5));
    assertMessage(
        "minimum length 21 must be between 0 and the maximum length 20",
        () -> new DecodingSettings.Lengths(21, 20));
    assertMessage(
        "repetition penalty 0.0 must be a positive number; 1 switches it off, 1.1 is usual",
        () -> DecodingSettings.Beams.captions().withRepetitionPenalty(0));
    assertMessage(
        "temperature 0.0 must be a positive number; 1 changes nothing",
        () -> new Warping(0, 50, 0.9));
  }

  private static void assertMessage(String message, Runnable code) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, code::run).getMessage());
  }
}
