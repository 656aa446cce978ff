package org.blip4j.tools.capfilt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

/**
 * The right of one process to work on one shard, held as a file that is touched now and then.
 *
 * @param name of the shard
 * @param file that holds the claim
 * @param owner what the file says
 */
public record ShardClaim(String name, Path file, String owner) implements AutoCloseable {
  /** Shows that the owner is alive. */
  void touch() throws IOException {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (NoSuchFileException e) {
      // Another process took it for abandoned; both will write the same bytes.
      return;
    }
  }

  /** Gives the shard back, or marks the end of the work on it. */
  @Override
  public void close() throws IOException {
    if (owner.equals(read(file))) {
      Files.deleteIfExists(file);
    }
  }

  /** What a claim's file says; empty if it is gone or was not written to its end. */
  static String read(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    }
  }
}
