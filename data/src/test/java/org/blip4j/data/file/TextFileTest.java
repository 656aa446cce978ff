package org.blip4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TextFileTest {
  @TempDir Path folder;

  @Test
  void marksAreSkippedAndEveryLineEndIsOne() throws IOException {
    Path file = write("\ufeffa\r\nb\rc\n\nü".getBytes(StandardCharsets.UTF_8));
    assertEquals("a\r\nb\rc\n\nü", TextFile.read(file));
    assertEquals(List.of("a", "b", "c", "", "ü"), TextFile.lines(file));
    List<TextFile.Line> lines = streamed(Files.readAllBytes(file));
    assertEquals(TextFile.lines(file), lines.stream().map(TextFile.Line::text).toList());
    assertEquals(List.of(0L, 6L, 8L, 10L, 11L), lines.stream().map(TextFile.Line::offset).toList());
    assertEquals(5, lines.get(4).number());
    assertTrue(TextFile.lines(write(new byte[0])).isEmpty());
    assertEquals("\ufffd", TextFile.read(write("\ufffd".getBytes(StandardCharsets.UTF_8))));
  }

  @ParameterizedTest
  @CsvSource({
    "dog`s, 1, 0x92", // windows-1252
    "caf\u00e9, 1, 0xe9", // Latin-1
    "'a|b|x\u00e9', 3, 0xe9",
  })
  void bytesThatAreNotUtf8AreNamedByFileLineAndByte(String text, int line, String found)
      throws IOException {
    byte[] bytes =
        text.replace('|', '\n').replace('`', '\u0092').getBytes(StandardCharsets.ISO_8859_1);
    Path file = write(bytes);
    int at = 0;
    while (bytes[at] >= 0) {
      at++;
    }
    String where = "t.txt line %d: byte %d (%s) is not UTF-8".formatted(line, at, found);
    assertMessage(where, () -> TextFile.read(file));
    List<TextFile.Line> lines = streamed(bytes);
    TextFile.Line bad = lines.get(line - 1);
    assertTrue(bad.problem().orElseThrow().startsWith("byte " + at + " (" + found), bad.toString());
    assertTrue(lines.stream().filter(l -> !l.equals(bad)).allMatch(l -> l.problem().isEmpty()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE"})
  void utf16IsNamed(String charset) throws IOException {
    Path file = write("a,b\n".getBytes(charset));
    assertMessage("UTF-16", () -> TextFile.read(file));
    assertMessage("t.txt: is not UTF-8 but UTF-16", () -> TextFile.open(file));
  }

  @Test
  void foldersAreNone() {
    assertMessage("is a folder", () -> TextFile.read(folder));
    assertMessage("is a folder", () -> TextFile.open(folder));
  }

  private Path write(byte... bytes) throws IOException {
    return Files.write(folder.resolve("t.txt"), bytes);
  }

  private static List<TextFile.Line> streamed(byte... bytes) throws IOException {
    List<TextFile.Line> lines = new ArrayList<>();
    try (TextFile file = TextFile.open("t", new ByteArrayInputStream(bytes))) {
      for (Optional<TextFile.Line> l = file.next(); l.isPresent(); l = file.next()) {
        lines.add(l.get());
      }
    }
    return lines;
  }

  private interface Reads {
    Object run() throws IOException;
  }

  private static void assertMessage(String part, Reads reads) {
    IOException e = assertThrows(IOException.class, reads::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
