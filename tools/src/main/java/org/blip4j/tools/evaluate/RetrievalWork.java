package org.blip4j.tools.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.FolderLock;
import org.blip4j.data.file.JsonFile;

/**
 * Where an evaluation of retrieval keeps what it has computed.
 *
 * @param folder empty if it keeps nothing
 * @param lock held while it is in use
 */
record RetrievalWork(Optional<Path> folder, Optional<FolderLock> lock) implements AutoCloseable {
  /** What a folder of work was begun with; another start must have the same. */
  record Begun(String model, String images, String precision) {}

  /**
   * Takes a folder, in which there is nothing, or what such a run has left.
   *
   * @throws IllegalArgumentException if it was begun with something else
   */
  static RetrievalWork begin(Optional<Path> folder, Begun begun) throws IOException {
    if (folder.isEmpty()) {
      return new RetrievalWork(folder, Optional.empty());
    }
    FolderLock lock = FolderLock.take(folder.get());
    try {
      Path file = folder.get().resolve("work.json");
      if (!Files.exists(file)) {
        AtomicFile.write(file, JsonFile.write(begun));
      }
      Begun before = JsonFile.read(file).as(Begun.class);
      if (!before.equals(begun)) {
        String what =
            !before.model().equals(begun.model())
                ? "another model"
                : !before.images().equals(begun.images()) ? "other records" : "another precision";
        throw new IllegalArgumentException(
            "%s was begun with %s; choose another folder, or remove it"
                .formatted(folder.get(), what));
      }
      return new RetrievalWork(folder, Optional.of(lock));
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** Removes what was kept. */
  void remove() throws IOException {
    if (folder.isPresent()) {
      for (String name : List.of("features.bin", "logits.bin", "work.json")) {
        Files.deleteIfExists(folder.get().resolve(name));
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (lock.isPresent()) {
      lock.get().close();
    }
  }
}
