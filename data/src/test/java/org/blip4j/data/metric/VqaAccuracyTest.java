package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers to questions, judged as the official program judges them. */
final class VqaAccuracyTest {
  @ParameterizedTest
  @CsvSource({"0,0", "1,.3", "2,.6", "3,.9", "4,1", "9,1"})
  void leavesOnePersonOutAtATime(int same, double accuracy) {
    List<String> answers = new ArrayList<>(Collections.nCopies(10 - same, "blue"));
    answers.addAll(Collections.nCopies(same, "red"));
    assertEquals(accuracy, VqaAccuracy.judge("red", answers).accuracy(), 1e-12);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "t-shirt|t shirt",
        "a - b|a  b",
        "a -b-c|a bc",
        "1,000-2,000|10002000",
        "3.5.|3.5",
        "e.g. this|eg this",
        "wow!|wow "
      })
  void marksBecomeSpacesOrNothing(String text, String expected) {
    assertEquals(expected, VqaAccuracy.withoutMarks(text));
  }

  @Test
  void onlyFirst32FullStopsGo() {
    assertEquals("...", VqaAccuracy.withoutMarks(".".repeat(35)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "The two dogs|2 dogs",
        "dont|don't",
        "hed've|he'd've",
        "lets|lets",
        "somebody'd|somebodyd",
        "'ows'at|'ow's'at",
        "Im|im",
        "none of an ÉTÉ|0 of été"
      })
  void wordsBecomeAlike(String text, String expected) {
    assertEquals(expected, VqaAccuracy.withoutArticles(text));
  }

  @Test
  void sameAnswersAreComparedAsTheyAre() {
    VqaAccuracy.Judgement judged = VqaAccuracy.judge("Two", List.of("Two ", "Two", "\tTwo"));
    assertFalse(judged.normalised());
    assertEquals(2 / 3.0, judged.accuracy(), 1e-12);
    assertEquals(0, VqaAccuracy.judge("two", List.of("Two", "Two", "Two")).accuracy());
    assertTrue(VqaAccuracy.judge("2", List.of("Two", "two.", "2")).normalised());
  }

  @Test
  void totalsAreByType() {
    VqaAccuracy accuracy = new VqaAccuracy();
    assertThrows(IllegalStateException.class, accuracy::overall);
    List<String> answers = List.of("2", "2", "2", "3");
    accuracy.add(VqaAccuracy.judge("2", answers), "how many", "number");
    accuracy.add(VqaAccuracy.judge("3", answers), "how many", "number");
    accuracy.add(VqaAccuracy.judge("red", answers), "what color", "other");
    assertEquals(3, accuracy.questions());
    assertEquals(33.33, accuracy.overall());
    assertEquals(Map.of("how many", 50.0, "what color", 0.0), accuracy.byQuestionType());
    assertEquals(Map.of("number", 50.0, "other", 0.0), accuracy.byAnswerType());
  }

  @Test
  void refusesAQuestionWithoutAnswers() {
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> VqaAccuracy.judge("2", List.of()));
    assertTrue(refused.getMessage().contains("at least one"), refused.getMessage());
  }
}
