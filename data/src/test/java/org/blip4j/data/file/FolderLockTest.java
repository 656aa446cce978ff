package org.blip4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One process at a time, and none for ever. */
final class FolderLockTest {
  @TempDir private Path folder;

  /** Takes a folder, says so, and holds it until it is killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws IOException {
      try (FolderLock lock = FolderLock.take(Path.of(args[0]))) {
        System.out.println(lock);
        int unused = System.in.read();
      }
    }
  }

  @Test
  void aFolderIsFreeAgainOnceTheProcessThatHeldItIsKilled()
      throws IOException, URISyntaxException, InterruptedException {
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classes(FolderLock.class)
                    + System.getProperty("path.separator")
                    + classes(Holder.class),
                Holder.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said = holder.inputReader()) {
      assertTrue(said.readLine() != null, "the folder could not be taken");
      String refused = assertThrows(IOException.class, () -> FolderLock.take(folder)).getMessage();
      assertEquals(
          "%s is in use by another process (%d); wait until it ends, or choose another place"
              .formatted(folder, holder.pid()),
          refused);
    } finally {
      holder.destroyForcibly().waitFor();
    }
    Files.writeString(folder.resolve("notes.txt"), "");
    FolderLock.take(folder).close();
    assertEquals(0, Files.size(folder.resolve(FolderLock.NAME)));
  }

  private static Path classes(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  @Test
  void oneProcessTakesAFolderOnceAndRemovesItIfNothingWasWritten() throws IOException {
    Path made = folder.resolve("made");
    try (FolderLock lock = FolderLock.take(made)) {
      for (int i = 0; i < 2; i++) {
        String again = assertThrows(IOException.class, () -> FolderLock.take(made)).getMessage();
        assertTrue(again.contains("this very one"), again + lock);
      }
    }
    assertFalse(Files.exists(made));
    try (FolderLock lock = FolderLock.take(made)) {
      Files.writeString(made.resolve("notes.txt"), lock.toString());
    }
    assertTrue(Files.exists(made.resolve("notes.txt")));
    FolderLock.take(made).close();
  }

  @Test
  void aPlaceThatIsNoFolderIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    String message = assertThrows(IOException.class, () -> FolderLock.take(file)).getMessage();
    assertTrue(message.startsWith(file + " cannot be written"), message);
  }
}
