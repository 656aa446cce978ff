package org.blip4j.training.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.training.event.StepReport;

/**
 * {@code metrics.jsonl}: one JSON object a logged step, without times, so that equal runs give
 * equal files.
 */
final class MetricsLog {
  private final JsonMapper mapper = new JsonMapper();
  private final Path file;

  MetricsLog(Path file) {
    this.file = file;
  }

  /** Forgets what a run logged after the step that it goes on from. */
  void rewind(long step) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    List<String> kept = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      if (stepOf(line) > step) {
        break;
      }
      kept.add(line + "\n");
    }
    AtomicFile.write(file, String.join("", kept).getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a line. */
  void append(StepReport report) throws IOException {
    String line = mapper.writeValueAsString(report.metrics()) + "\n";
    try {
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new IOException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  /** A line that was cut off belongs to no step. */
  private long stepOf(String line) {
    try {
      return mapper.readTree(line).path("step").asLong(Long.MAX_VALUE);
    } catch (JsonProcessingException e) {
      return Long.MAX_VALUE;
    }
  }
}
