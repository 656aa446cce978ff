package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DetokenizerTest {
  private final Detokenizer detokenizer = new Detokenizer(Vocabulary.bertBaseUncased());

  @Test
  void textEqualsTheReference() throws IOException {
    List<List<String>> lines = GoldenLines.read("detokenize.tsv");
    assertTrue(lines.size() > 100);
    for (List<String> line : lines) {
      assertEquals(line.get(1), detokenizer.decode(GoldenLines.ids(line.get(0))), line.get(0));
    }
  }

  @Test
  void specialTokensVanish() {
    assertEquals("a dog", detokenizer.decode(30522, 1037, 100, 3899, 102, 0, 0));
    assertEquals("", detokenizer.decode(new long[] {101, 102}));
  }

  @Test
  void idOutsideTheVocabularyIsRefused() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> detokenizer.decode(30524));
    assertTrue(e.getMessage().contains("30524"), e.getMessage());
  }
}
