package org.blip4j.tools.evaluate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.blip4j.tools.console.Console;
import picocli.CommandLine.Option;

/** Results of an earlier run in place of a model's, and references of the data set's own file. */
final class ResultOptions {
  @Option(
      names = "--results",
      paramLabel = "FILE",
      description = "Measure these results in place of a model's, as --predictions writes them.")
  private Path results;

  @Option(
      names = "--references",
      paramLabel = "FILE",
      description =
          "What people said, from an annotations file of COCO or VQA in place of the records'.")
  private Path references;

  @Option(names = "--partial", description = "Measure what --results has, though some is missing.")
  private boolean partial;

  /** Whether results of an earlier run are measured. */
  boolean given() {
    return results != null;
  }

  /** Whether results and references are both files, so that records are not needed. */
  boolean replaceRecords() {
    return results != null && references != null;
  }

  /** The data set's own file, if one is given. */
  Optional<Path> references() {
    return Optional.ofNullable(references);
  }

  /** Refuses a model beside results, or neither of them. */
  void require(boolean model) {
    if (model == given()) {
      throw new IllegalArgumentException(
          model
              ? "--results stands for a model; leave one of --results and --model away"
              : "there is nothing to measure; give --model MODEL, or --results FILE");
    }
    if (!given() && partial) {
      throw new IllegalArgumentException("--partial is about --results; leave it away");
    }
  }

  /**
   * The results, which belong to what is known.
   *
   * @param known what there is to be measured by
   */
  Map<String, String> read(ResultFile form, Map<String, ?> known, Console console)
      throws IOException {
    Map<String, String> read = form.read(results);
    form.requireFit(results, read.keySet(), known.keySet(), partial);
    form.noteEmpty(read, console);
    return read;
  }
}
