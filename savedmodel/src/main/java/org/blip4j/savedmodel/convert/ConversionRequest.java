package org.blip4j.savedmodel.convert;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.graph.config.Task;

/**
 * What a model is to become, and where.
 *
 * @param target the folder, or for safetensors a file whose name ends so
 * @param form what to write
 * @param task what the model is for; empty for its own
 * @param overwrite whether an older model there may be replaced
 */
public record ConversionRequest(Path target, Form form, Optional<Task> task, boolean overwrite) {
  private static final String FILE_ENDING = ".safetensors";

  /** What a model is converted into. */
  public enum Form {
    /** A model folder of ours. */
    MODEL_FOLDER,
    /** Safetensors with the names of the official release: a file, or a folder around it. */
    SAFETENSORS,
    /** A folder that Hugging Face transformers loads. */
    HUGGING_FACE
  }

  public ConversionRequest {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(form, "form");
    Objects.requireNonNull(task, "task");
  }

  /** Writes a model at the given place and returns the names of what has no place there. */
  @FunctionalInterface
  interface Writer {
    ImmutableList<String> write(Path place) throws IOException;
  }

  /** Whether a single file is written. */
  boolean isFile() {
    return form == Form.SAFETENSORS && target.toString().endsWith(FILE_ENDING);
  }

  /**
   * Checks the place before any work; what killed processes left beside it is removed.
   *
   * @throws IOException if something is there that may not be replaced
   */
  void requireFree() throws IOException {
    AtomicFolder.sweep(target.toAbsolutePath().normalize().getParent());
    if (!Files.exists(target) || isEmptyFolder()) {
      return;
    }
    if (!overwrite) {
      throw new FileAlreadyExistsException(target.toString());
    }
    if (Files.isDirectory(target) && !isModel()) {
      throw new IOException(
          target
              + ": a folder that holds other things than a model; overwriting replaces models"
              + " only");
    }
  }

  /** A configuration and no folders: a run's folder is none. */
  private boolean isModel() throws IOException {
    try (Stream<Path> content = Files.list(target)) {
      return Files.isRegularFile(target.resolve("config.json"))
          && content.allMatch(Files::isRegularFile);
    }
  }

  private boolean isEmptyFolder() throws IOException {
    if (!Files.isDirectory(target)) {
      return false;
    }
    try (Stream<Path> content = Files.list(target)) {
      return content.findAny().isEmpty();
    }
  }

  /** Has the model written beside its place, which it gets when it is whole. */
  ImmutableList<String> write(Writer writer) throws IOException {
    try (AtomicFolder place = AtomicFolder.reserve(target)) {
      ImmutableList<String> leftOut = writer.write(place.path());
      place.commit();
      return leftOut;
    }
  }
}
