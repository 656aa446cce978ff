package org.blip4j.graph.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of a model folder: {@code config.json}, {@code vocab.txt} and a TensorFlow checkpoint
 * {@code variables.*}.
 *
 * @param path the folder
 */
public record ModelFolder(Path path) {

  /** The configuration. */
  public Path configFile() {
    return path.resolve("config.json");
  }

  /** The word pieces, a line each. */
  public Path vocabularyFile() {
    return path.resolve("vocab.txt");
  }

  /** The prefix of the checkpoint's files. */
  public Path variables() {
    return path.resolve("variables");
  }

  /** Whether the path looks like a model folder: a folder with a configuration and a checkpoint. */
  public boolean looksComplete() {
    return missing().isEmpty();
  }

  /**
   * Checks that every file is there and reads the configuration.
   *
   * @throws IOException naming the files that are missing
   */
  public ModelConfig readConfig() throws IOException {
    if (!Files.isDirectory(path)) {
      throw new NotDirectoryException(path + " is not a model folder");
    }
    List<String> missing = missing();
    if (!missing.isEmpty()) {
      throw new IOException(
          path + " is not a complete model folder; missing: " + String.join(", ", missing));
    }
    return ConfigJson.read(configFile(), ModelConfig.class);
  }

  private List<String> missing() {
    List<String> missing = new ArrayList<>();
    for (String name : List.of("config.json", "vocab.txt", "variables.index")) {
      if (!Files.isRegularFile(path.resolve(name))) {
        missing.add(name);
      }
    }
    return missing;
  }
}
