package org.blip4j.tools.capfilt;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.ModelIdentity;

/**
 * The content of {@code stats.json} and of the command's last line. All of it but the two figures
 * of speed depends on the plan alone.
 *
 * @param shards shards done
 * @param totals what was read, kept and dropped
 * @param seconds time spent on the shards, summed over those who worked
 * @param imagesPerSecond of one worker
 * @param captioner the captioning model
 * @param filter the filtering model
 * @param settings what decides the result
 * @param settingsSha256 hash of the settings
 */
@JsonPropertyOrder({"shards", "totals", "seconds", "images_per_second"})
public record CapFiltStats(
    int shards,
    @JsonUnwrapped CapFiltTotals totals,
    double seconds,
    double imagesPerSecond,
    ModelIdentity captioner,
    ModelIdentity filter,
    CapFiltSettings settings,
    String settingsSha256) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  static CapFiltStats of(CapFiltPlan plan, int shards, CapFiltTotals totals, double seconds) {
    String settings = ConfigJson.write(plan.settings());
    return new CapFiltStats(
        shards,
        totals,
        seconds,
        totals.read() / Math.max(seconds, 1e-9),
        plan.captioner(),
        plan.filter(),
        plan.settings(),
        Hashing.sha256().hashString(settings, StandardCharsets.UTF_8).toString());
  }

  void write(Path file) throws IOException {
    String json = MAPPER.writeValueAsString(this) + "\n";
    AtomicFile.write(file, json.getBytes(StandardCharsets.UTF_8));
  }

  /** The totals for people. */
  public String text() {
    return String.format(
        Locale.ROOT,
        """
        %,d records of %d shards, %,d unreadable; %,d images captioned, %,d kept
          web texts        %,10d kept %,10d dropped
          synthetic texts  %,10d kept %,10d dropped
        %.1f images/s\
        """,
        totals.read(),
        shards,
        totals.unreadable(),
        totals.captioned(),
        totals.imagesKept(),
        totals.kept().web(),
        totals.dropped().web(),
        totals.kept().synthetic(),
        totals.dropped().synthetic(),
        imagesPerSecond);
  }
}
