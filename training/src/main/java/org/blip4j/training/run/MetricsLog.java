package org.blip4j.training.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.validate.Validation;

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

  /** Adds a line of a logged step. */
  void append(StepReport report) throws IOException {
    append(report.metrics());
  }

  /** Adds a line of a validation. */
  void append(Validation.Result result) throws IOException {
    ImmutableMap.Builder<String, Object> line = ImmutableMap.builder();
    line.put("step", result.step());
    result.figures().forEach((name, value) -> line.put("validation/" + name, value));
    append(line.buildOrThrow());
  }

  private void append(Map<String, Object> values) throws IOException {
    String line = mapper.writeValueAsString(values) + "\n";
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
