package org.blip4j.tools.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.tools.scenes.SceneTest;
import org.blip4j.tools.scenes.SceneTruth;
import org.blip4j.tools.scenes.WebText;
import org.junit.jupiter.api.Test;

final class HeldOutSetTest {
  private static final SceneTruth STAR = truth("1", "big blue star");
  private static final SceneTruth SAME_STAR = truth("2", "big blue star");
  private static final SceneTruth PAIR = truth("3", "small red circle", "big blue star");
  private static final SceneEvaluation.HeldOut SET =
      SceneEvaluation.HeldOut.of(List.of(STAR, SAME_STAR, PAIR));

  @Test
  void retrievalTakesEachDescriptionOnce() {
    assertEquals(List.of(STAR, PAIR), SET.distinct());
    assertEquals(3, SET.pictures().size());
  }

  @Test
  void measuresCaptionsAndBothDirections() {
    List<String> captions =
        List.of("a big blue star", "a big red star", "a big blue star and a small red circle");
    ModelAnswers.Figures figures =
        SET.measure(captions, new float[][] {{0.9f, 0.1f}, {0.95f, 0.2f}});
    assertEquals(2 / 3.0, figures.captionsRight());
    assertEquals(0.5, figures.r1ImageToText(), "the second picture prefers the first text");
    assertEquals(0.5, figures.r1TextToImage(), "the first text prefers the second picture");
    assertTrue(figures.cider() > 0);
  }

  @Test
  void rightCaptionsScoreHighest() {
    List<SceneTruth> pictures =
        SceneTest.scenes(1, 100).stream()
            .map(scene -> SceneTruth.of("k", WebText.right("text"), scene))
            .toList();
    SceneEvaluation.HeldOut set = SceneEvaluation.HeldOut.of(pictures);
    float[][] identity = new float[set.distinct().size()][set.distinct().size()];
    IntStream.range(0, identity.length).forEach(i -> identity[i][i] = 1);
    List<String> right = pictures.stream().map(picture -> picture.references().get(0)).toList();
    List<String> shifted = IntStream.range(0, 100).mapToObj(i -> right.get((i + 1) % 100)).toList();
    ModelAnswers.Figures best = set.measure(right, identity);
    assertEquals(1, best.captionsRight());
    assertEquals(1, best.r1ImageToText());
    assertEquals(1, best.r1TextToImage());
    assertTrue(best.cider() > 3 * set.measure(shifted, identity).cider(), best::toString);
  }

  @Test
  void standardSetHasEnoughDescriptions() {
    List<SceneTruth> pictures =
        SceneTest.scenes(3, 500).stream()
            .map(scene -> SceneTruth.of("k", WebText.right("text"), scene))
            .toList();
    assertEquals(
        SceneEvaluation.HeldOut.RETRIEVAL_SIZE,
        SceneEvaluation.HeldOut.of(pictures).distinct().size());
  }

  @Test
  void refusesAnswersThatDoNotFit() {
    Exception refused =
        assertThrows(
            IllegalArgumentException.class, () -> SET.measure(List.of("a"), new float[2][2]));
    assertTrue(refused.getMessage().contains("1 captions and 2 rows"), refused.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> SET.measure(List.of("a", "b", "c"), new float[2][3]));
  }

  private static SceneTruth truth(String key, String... objects) {
    return new SceneTruth(key, "text", WebText.Kind.CAPTION, false, List.of(objects));
  }
}
