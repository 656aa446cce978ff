package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextDiversityTest {
  @Test
  void countsTextsAndRunsOfWords() {
    TextDiversity diversity = new TextDiversity();
    for (String text : List.of("a red dog", "A red dog.", "a dog", "dog")) {
      diversity.add(text);
    }
    TextDiversity.Counts counts = diversity.counts();
    assertEquals(4, counts.texts());
    assertEquals(3, counts.distinct(), "case and punctuation make no other text");
    assertEquals(List.of(9L, 5L, 2L), counts.ngrams());
    assertEquals(List.of(3L, 3L, 1L), counts.distinctNgrams());
  }

  @Test
  void estimatesWhatIsTooMuchWhateverTheOrder() {
    TextDiversity.Distinct up = new TextDiversity.Distinct(4000);
    TextDiversity.Distinct down = new TextDiversity.Distinct(4000);
    int things = 100_000;
    for (int i = 0; i < things; i++) {
      up.add("t" + i);
      up.add("t" + i / 2);
      down.add("t" + (things - 1 - i));
      if (i == 3999) {
        assertEquals(4000, up.estimate(), "exact as long as there is room");
      }
    }
    assertEquals(up.estimate(), down.estimate());
    assertEquals(1, (double) up.estimate() / things, 0.1);
    assertTrue(up.estimate() != things);
  }
}
