package org.blip4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void commitRenamesAndReplaces() throws IOException {
    Path target = folder.resolve("deep/er/file.txt");
    AtomicFile.write(target, "one".getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(target, "two".getBytes(StandardCharsets.UTF_8));
    assertEquals("two", Files.readString(target));
    assertEquals(List.of("file.txt"), names(target.getParent()));
  }

  @Test
  void closingWithoutCommitLeavesNothing() throws IOException {
    Path target = folder.resolve("file.txt");
    try (AtomicFile file = AtomicFile.create(target)) {
      file.stream().write(new byte[200_000]);
      assertEquals(1, names(folder).size());
    }
    assertEquals(List.of(), names(folder));
  }

  @Test
  void impossiblePlacesAreNamed() throws IOException {
    IOException onFolder = assertThrows(IOException.class, () -> AtomicFile.create(folder));
    assertTrue(onFolder.getMessage().contains("is a folder"), onFolder.getMessage());
    Path file = Files.writeString(folder.resolve("plain"), "x");
    IOException below =
        assertThrows(IOException.class, () -> AtomicFile.create(file.resolve("a/b")));
    assertTrue(below.getMessage().contains("folder cannot be made"), below.getMessage());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> p.getFileName().toString()).toList();
    }
  }
}
