package org.blip4j.training.run;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.data.file.FolderLock;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.training.config.RunDescription;
import org.blip4j.training.validate.Validation;

/**
 * The folder of a run: {@code config.json}, {@code data.index}, {@code checkpoints/}, {@code
 * metrics.jsonl}, {@code examples.tfrecord} and {@code best/} if it validates, event files, {@code
 * report.html} of the command line and, at the end, {@code model/}.
 *
 * @param path the folder
 */
record RunFolder(Path path) {
  private static final String CONFIG = "config.json";
  private static final String EXAMPLES = "examples.tfrecord";
  private static final String VALIDATION = "validation.json";
  private static final Pattern OWN =
      Pattern.compile(
          "config\\.json|data\\.index|metrics\\.jsonl|checkpoints|model|best|events\\.out\\..*"
              + "|examples\\.tfrecord|report\\.html");

  CheckpointStore checkpoints(int keep) {
    return new CheckpointStore(path.resolve("checkpoints"), keep);
  }

  MetricsLog metrics() {
    return new MetricsLog(path.resolve("metrics.jsonl"));
  }

  /** Where the data's records lie, so that the run need not be told again. */
  Path index() {
    return path.resolve("data.index");
  }

  ModelFolder model() {
    return new ModelFolder(path.resolve("model"));
  }

  /** The best model by validation, with what was found of it. */
  ModelFolder best() {
    return new ModelFolder(path.resolve("best"));
  }

  /** What was found of the best model; empty before the first validation. */
  Optional<Validation.Result> bestResult() throws IOException {
    Path file = best().path().resolve(VALIDATION);
    return Files.exists(file)
        ? Optional.of(ConfigJson.read(file, Validation.Result.class))
        : Optional.empty();
  }

  /** Replaces the examples of the last validation, a shard that is read like any other. */
  void writeExamples(List<Sample.ImageText> examples) throws IOException {
    TfRecordWriter.Options replacing = TfRecordWriter.Options.plain().withOverwrite(true);
    try (TfRecordWriter shard = TfRecordWriter.create(path.resolve(EXAMPLES), replacing)) {
      for (Sample.ImageText example : examples) {
        shard.write(ExampleCodec.standard().encode(example));
      }
      shard.commit();
    }
  }

  /** Says in a model's folder what was found of it. */
  void describe(ModelFolder model, Validation.Result found) throws IOException {
    ConfigJson.write(model.path().resolve(VALIDATION), found);
  }

  /**
   * Checks that a run may write here; nothing is changed. A folder in which no step was stored is
   * as good as a new one.
   *
   * @param overwrite whether another run in the folder is to be replaced
   * @throws IOException if there is something else in the folder
   * @throws IllegalArgumentException if a run of another configuration, of other data or from
   *     another model is in the folder
   */
  void requireUsable(RunDescription now, boolean overwrite) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    if (!Files.isDirectory(path)) {
      throw new IOException(path + " is a file; choose another folder");
    }
    Path file = path.resolve(CONFIG);
    if (Files.exists(file)) {
      if (!overwrite && isBegun()) {
        before(file).requireContinuable(now, path);
      }
      return;
    }
    try (Stream<Path> content = Files.list(path)) {
      Optional<Path> first =
          content
              .filter(e -> !AtomicFolder.isWorkplace(e) && !e.endsWith(FolderLock.NAME))
              .findFirst();
      if (first.isPresent()) {
        throw new IOException(
            "%s exists and is not a run folder (it has %s but no %s); choose another folder"
                .formatted(path, first.get().getFileName(), CONFIG));
      }
    }
  }

  private boolean isBegun() throws IOException {
    return Files.exists(model().path()) || !checkpoints(1).steps().isEmpty();
  }

  private RunDescription before(Path file) throws IOException {
    try {
      return ConfigJson.read(file, RunDescription.class);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the run in %s cannot be continued by this version (%s); choose another folder, or"
                  .formatted(path, e.getMessage())
              + " allow overwriting",
          e);
    }
  }

  /** Removes a run, and nothing else that lies in its folder. */
  void clear() throws IOException {
    if (!Files.isDirectory(path)) {
      return;
    }
    AtomicFolder.sweep(path);
    List<Path> own;
    try (Stream<Path> content = Files.list(path)) {
      own = content.filter(file -> OWN.matcher(file.getFileName().toString()).matches()).toList();
    }
    for (Path file : own) {
      if (Files.isDirectory(file)) {
        AtomicFolder.remove(file);
      } else {
        Files.delete(file);
      }
    }
  }

  /** Makes the folder and describes the run in it. */
  void describe(RunDescription description) throws IOException {
    try {
      Files.createDirectories(path);
      ConfigJson.write(path.resolve(CONFIG), description);
    } catch (FileSystemException e) {
      throw new IOException(
          "run folder %s cannot be written: %s"
              .formatted(path, e.getReason() == null ? e.toString() : e.getReason()),
          e);
    }
  }

  /** Writes the model folder, beside first; an older one is replaced. */
  void writeModel(ModelConfig config, Vocabulary vocabulary, CheckpointStore.Writer variables)
      throws IOException {
    try (AtomicFolder beside = AtomicFolder.create(model().path())) {
      write(new ModelFolder(beside.path()), config, vocabulary, variables);
      beside.commit();
    }
  }

  /** Writes a model into a folder that is there. */
  void write(
      ModelFolder into, ModelConfig config, Vocabulary vocabulary, CheckpointStore.Writer variables)
      throws IOException {
    variables.write(into.variables().toString());
    vocabulary.write(into.vocabularyFile());
    ConfigJson.write(into.configFile(), config);
  }
}
