package org.blip4j.tools.evaluate;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import picocli.CommandLine.Option;

/** What every task of {@code evaluate} is measured on, and where its results go. */
final class EvaluationOptions {
  @Option(
      names = "--data",
      paramLabel = "GLOB",
      arity = "1..*",
      description = "Shards, folders or globs of labelled records.")
  private List<String> data = new ArrayList<>();

  @Option(
      names = "--predictions",
      paramLabel = "FILE",
      description = "Write each item's result to a file, as the task's server takes it.")
  private Path predictions;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = "Write a page with the figures and the best, worst and closest results.")
  private Path report;

  @Option(names = "--overwrite", description = "Replace existing files.")
  private boolean overwrite;

  /** Where each item's result goes, if anywhere. */
  Optional<Path> predictions() {
    return Optional.ofNullable(predictions);
  }

  /** Where the page goes, if anywhere. */
  Optional<Path> report() {
    return Optional.ofNullable(report);
  }

  /** Whether there are records. */
  boolean hasData() {
    return !data.isEmpty();
  }

  /**
   * The records, once it is sure that results can be written.
   *
   * @throws IllegalArgumentException if there are none
   * @throws FileAlreadyExistsException if a file is there that may not be replaced
   */
  LabelledRecords records(ExampleCodec codec) throws IOException {
    requireWritable();
    if (data.isEmpty()) {
      throw new IllegalArgumentException("there is nothing to measure on; give --data GLOB");
    }
    return new LabelledRecords(ShardSet.find(data), codec);
  }

  /**
   * Refuses files that may not be replaced.
   *
   * @throws FileAlreadyExistsException naming the first
   */
  void requireWritable() throws IOException {
    for (Optional<Path> file : List.of(predictions(), report())) {
      if (file.isPresent() && !overwrite && Files.exists(file.get())) {
        throw new FileAlreadyExistsException(file.get().toString());
      }
    }
    if (report != null && data.isEmpty()) {
      throw new IllegalArgumentException(
          "--report shows pictures, which come from --data GLOB; give it, too");
    }
  }
}
