package org.blip4j.savedmodel.signature;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.testing.OpenedTwice;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Statements about two images by a model folder and by the model exported from it. */
class NlvrSignatureTest {
  @TempDir private static Path folder;
  private static OpenedTwice models;
  private static Predictor inMemory;
  private static Predictor exported;

  private static final byte[] A = TinyModel.image(1, "jpg");
  private static final byte[] B = TinyModel.image(2, "png");
  private static final byte[] C = TinyModel.image(17, "jpg");
  private static final byte[] BROKEN = Arrays.copyOf(A, A.length / 2);
  private static final byte[] TEXT = "not an image at all".getBytes(UTF_8);
  private static final List<byte[]> LEFT = List.of(A, A, B, A, C);
  private static final List<byte[]> RIGHT = List.of(B, B, A, C, C);
  private static final List<String> STATEMENTS =
      List.of("a red dog", "BLUE circles and a cat!", "a red dog", "a red dog", "the");

  @BeforeAll
  static void open() throws IOException {
    models = OpenedTwice.write(folder, Task.NLVR);
    inMemory = models.inMemory();
    exported = models.exported();
    assertEquals(
        List.of("serving_default", "nlvr", "nlvr_tensor"), models.written().signatures().asList());
  }

  @AfterAll
  static void close() {
    models.close();
  }

  @Test
  void aRowDoesNotDependOnTheRowsBeside() {
    List<Answer.Nlvr> together = inMemory.nlvr(LEFT, RIGHT, STATEMENTS);
    for (int i = 0; i < LEFT.size(); i++) {
      Answer.Nlvr alone =
          exported
              .nlvr(List.of(LEFT.get(i)), List.of(RIGHT.get(i)), List.of(STATEMENTS.get(i)))
              .get(0);
      assertEquals(together.get(i).label(), alone.label());
      // packed and stock kernels round differently, and a processor with other units once more
      assertEquals(together.get(i).probability(), alone.probability(), 1e-4);
      assertTrue(alone.ok());
      assertTrue(alone.label().equals("True") || alone.label().equals("False"), alone.label());
      assertTrue(alone.probability() >= 0.5 && alone.probability() <= 1, alone.toString());
    }
    assertNotEquals(together.get(0).probability(), together.get(1).probability());
    assertNotEquals(together.get(0).probability(), together.get(2).probability());
    assertNotEquals(together.get(0).probability(), together.get(3).probability());
  }

  @Test
  void anUnreadableImageFailsItsOwnRowsOnly() {
    Answer.Nlvr alone = exported.nlvr(A, B, "a red dog");

    List<Answer.Nlvr> judged =
        exported.nlvr(
            List.of(TEXT, A, A, BROKEN),
            List.of(B, B, TEXT, TEXT),
            List.of("a red dog", "a red dog", "a red dog", "a red dog"));

    assertSame(alone, judged.get(1));
    for (int bad : new int[] {0, 2, 3}) {
      assertFalse(judged.get(bad).ok());
      assertEquals("", judged.get(bad).label());
      assertEquals(0, judged.get(bad).probability());
    }
    assertTrue(judged.get(0).status().startsWith("left image: not an image"), judged.toString());
    assertTrue(judged.get(2).status().startsWith("right image: not an image"), judged.toString());
    String both = judged.get(3).status();
    assertTrue(both.startsWith("left image: truncated"), both);
    assertTrue(both.contains("; right image: not an image"), both);
  }

  @Test
  void itHasNoOtherSignature() {
    for (ServingSignature signature : ServingSignature.values()) {
      assertEquals(signature == ServingSignature.NLVR, exported.has(signature));
    }
    assertThrows(IllegalArgumentException.class, () -> exported.caption(List.of(A)));
    assertThrows(
        IllegalArgumentException.class,
        () -> exported.nlvr(List.of(A), List.of(B, A), List.of("a dog")));
    assertEquals(List.of(), exported.nlvr(List.of(), List.of(), List.of()));
  }

  private static void assertSame(Answer.Nlvr expected, Answer.Nlvr actual) {
    assertEquals(expected.label(), actual.label());
    assertEquals(expected.probability(), actual.probability(), 1e-5);
  }
}
