package org.blip4j.savedmodel.convert;

import com.google.common.collect.ImmutableList;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The place that a conversion writes to: filled beside, then put in place in one step.
 *
 * @param path the file or folder
 * @param overwrite whether an older model there may be replaced
 */
record ConversionTarget(Path path, boolean overwrite) {
  static ConversionTarget of(ConversionRequest request) {
    return new ConversionTarget(request.target().toAbsolutePath().normalize(), request.overwrite());
  }

  /** Writes a model at the given place and returns the names of what has no place there. */
  @FunctionalInterface
  interface Writer {
    ImmutableList<String> write(Path beside) throws IOException;
  }

  /**
   * Checks the place before any work.
   *
   * @throws IOException if something is there that may not be replaced
   */
  void requireFree() throws IOException {
    if (!Files.exists(path) || isEmptyFolder()) {
      return;
    }
    if (!overwrite) {
      throw new FileAlreadyExistsException(path.toString());
    }
    if (Files.isDirectory(path) && !isModel()) {
      throw new IOException(
          path + ": a folder that holds other things than a model; --overwrite replaces models");
    }
  }

  /** A configuration and no folders: a run's folder is none. */
  private boolean isModel() throws IOException {
    try (Stream<Path> content = Files.list(path)) {
      return Files.isRegularFile(path.resolve("config.json"))
          && content.allMatch(Files::isRegularFile);
    }
  }

  private boolean isEmptyFolder() throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> content = Files.list(path)) {
      return content.findAny().isEmpty();
    }
  }

  ImmutableList<String> write(Writer writer) throws IOException {
    Files.createDirectories(path.getParent());
    Path beside = sibling("writing");
    Path old = sibling("old");
    try {
      ImmutableList<String> leftOut = writer.write(beside);
      if (Files.exists(path)) {
        Files.move(path, old, StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
      return leftOut;
    } finally {
      delete(beside);
      if (Files.exists(path)) {
        delete(old);
      }
    }
  }

  private Path sibling(String purpose) {
    return path.resolveSibling(
        ".%s.%s.%s".formatted(path.getFileName(), UUID.randomUUID(), purpose));
  }

  private static void delete(Path file) throws IOException {
    if (Files.exists(file)) {
      MoreFiles.deleteRecursively(file, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }
}
