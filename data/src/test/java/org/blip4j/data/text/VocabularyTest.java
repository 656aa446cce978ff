package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VocabularyTest {
  private static final List<String> SMALL =
      List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a");

  @Test
  void bertBaseUncasedHasThePublishedIds() {
    Vocabulary full = Vocabulary.bertBaseUncased();
    assertEquals(30524, full.size());
    assertEquals(0, full.pad());
    assertEquals(100, full.unknown());
    assertEquals(101, full.classify());
    assertEquals(102, full.separator());
    assertEquals(103, full.mask());
    assertEquals(30522, full.decode());
    assertEquals(30523, full.encode());
    assertTrue(full.isSpecial(30523));
    assertFalse(full.isSpecial(1037));
  }

  @Test
  void extraTokensAreAppendedOnce(@TempDir Path folder) throws IOException {
    Vocabulary small = Vocabulary.of(SMALL);
    assertEquals(9, small.size());
    assertEquals(7, small.decode());
    Path file = folder.resolve("vocab.txt");
    small.write(file);
    assertEquals(9, Files.readAllLines(file).size());
    assertEquals(small.tokens(), Vocabulary.read(file).tokens());
  }

  @Test
  void badListsAreRefusedByName(@TempDir Path folder) throws IOException {
    assertMessage("lacks [SEP], [MASK]", List.of("[PAD]", "[UNK]", "[CLS]"));
    assertMessage("[ENC] is missing", append("[DEC]"));
    assertMessage("\"a\" stands on line 6 and again on line 8", append("a"));
    Path file = folder.resolve("vocab.txt");
    Files.writeString(file, "[PAD]\n");
    IOException e = assertThrows(IOException.class, () -> Vocabulary.read(file));
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    IOException none =
        assertThrows(IOException.class, () -> Vocabulary.read(folder.resolve("none.txt")));
    assertTrue(none.getMessage().contains("no such vocabulary file"), none.getMessage());
  }

  @Test
  void spareRowsGetTokensOfTheirOwn() {
    Vocabulary small = Vocabulary.of(SMALL);
    Vocabulary filled = small.filledUp(small.size() + 3);
    assertEquals(small.size() + 3, filled.size());
    assertEquals(small.tokens(), filled.tokens().subList(0, small.size()));
    assertEquals(small.decode(), filled.decode());
    assertEquals(filled.tokens(), Vocabulary.of(filled.tokens()).tokens());
    assertEquals(small, small.filledUp(small.size()));
    assertEquals(small, small.filledUp(3));
  }

  @Test
  void unknownTokensMapToUnk() {
    Vocabulary small = Vocabulary.of(SMALL);
    assertEquals(1, small.id("zebra"));
    assertEquals(5, small.id("a"));
    assertThrows(IllegalArgumentException.class, () -> small.token(-1));
  }

  private static List<String> append(String token) {
    return Stream.concat(SMALL.stream(), Stream.of(token)).toList();
  }

  private static void assertMessage(String part, List<String> tokens) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Vocabulary.of(tokens));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
