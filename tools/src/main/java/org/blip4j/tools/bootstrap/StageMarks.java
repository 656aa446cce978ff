package org.blip4j.tools.bootstrap;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.graph.config.ConfigJson;

/**
 * Runs stages once: a finished one leaves a mark with its figures and is skipped from then on.
 *
 * @param file where a stage's mark lies
 * @param listener hears of each stage
 */
public record StageMarks(Function<String, Path> file, StageListener listener) {
  /** The work of a stage; returns what it measured. */
  public interface Work {
    /** Does it, or goes on with it. */
    Map<String, Double> run() throws IOException;
  }

  /** Runs a stage unless it is finished; its report either way. */
  public StageReport run(String stage, Work work) throws IOException {
    Path mark = file.apply(stage);
    if (Files.exists(mark)) {
      StageReport report = ConfigJson.read(mark, StageReport.class).asSkipped();
      listener.finished(report);
      return report;
    }
    listener.begins(stage);
    long start = System.nanoTime();
    Map<String, Double> figures = work.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    StageReport report = new StageReport(stage, seconds, false, figures);
    AtomicFile.write(mark, ConfigJson.write(report).getBytes(StandardCharsets.UTF_8));
    listener.finished(report);
    return report;
  }
}
