package org.blip4j.ops.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CaptionCleaningTest extends TextTest {
  private final List<List<String>> cases = TextCases.rows("tokenizer.tsv");
  private final List<String> inputs = cases.stream().map(row -> row.get(0)).toList();

  @Test
  void cleansCaptionsAsPublished() {
    assertEquals(
        cases.stream().map(row -> row.get(2)).toList(),
        strings(CaptionCleaning.caption(ctx, texts, 30).texts(), inputs));
  }

  @Test
  void cleansQuestionsAsPublished() {
    assertEquals(
        cases.stream().map(row -> row.get(3)).toList(),
        strings(CaptionCleaning.question(ctx, texts, 50).texts(), inputs));
  }

  @Test
  void keepsTheFirstWords() {
    List<String> lines = List.of("  One, (two)  three.four five\n", "One", "");
    assertEquals(
        List.of("one, two three", "one", ""),
        strings(CaptionCleaning.caption(ctx, texts, 3).texts(), lines));
    assertEquals(
        List.of("  one,", "one", ""),
        strings(CaptionCleaning.question(ctx, texts, 3).texts(), lines));
  }

  @Test
  void refusesALimitThatIsNone() {
    assertEquals(
        "maximum number of words is 0; it must be 1 to 1000",
        assertThrows(IllegalArgumentException.class, () -> CaptionCleaning.caption(ctx, texts, 0))
            .getMessage());
  }
}
