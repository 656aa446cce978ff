package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CaptionTextTest {
  @Test
  void cleaningEqualsTheReference() throws IOException {
    for (List<String> line : GoldenLines.read("tokenizer.tsv")) {
      String text = line.get(0);
      assertEquals(line.get(2), CaptionText.cleanCaption(text, 30), text);
      assertEquals(line.get(3), CaptionText.cleanCaption(text, 50), text);
      assertEquals(line.get(4), CaptionText.cleanQuestion(text, 50), text);
    }
  }

  @Test
  void captionsGetSpacesAndQuestionsNothing() {
    assertEquals("a b", CaptionText.cleanCaption("A:b!", 30));
    assertEquals(" ab?", CaptionText.cleanQuestion(" A:b? ", 30));
  }

  @Test
  void whiteSpaceIsPythons() {
    assertEquals("a b", CaptionText.cleanCaption("a\u001c\u0085b\n", 30));
    assertEquals("a\tb", CaptionText.cleanCaption(" a\tb ", 30));
  }

  @Test
  void wordsAreCutAtSingleSpaces() {
    assertEquals("one two", CaptionText.cleanCaption("One two three", 2));
    assertEquals("one two three", CaptionText.cleanCaption("One two three", 3));
    assertEquals("", CaptionText.cleanQuestion(" a", 1));
    assertThrows(IllegalArgumentException.class, () -> CaptionText.cleanCaption("a", 0));
  }

  @Test
  void finalSigmaFollowsUnicodesRule() {
    assertEquals("\u03bf\u03c2", PythonText.lower("\u039f\u03a3"));
    assertEquals("\u03bf\u03c2. \u03c3", PythonText.lower("\u039f\u03a3. \u03a3"));
    assertEquals("\u03bf\u03c3.\u03b1", PythonText.lower("\u039f\u03a3.\u0391"));
    assertEquals("i\u0307", PythonText.lower("\u0130"));
  }
}
