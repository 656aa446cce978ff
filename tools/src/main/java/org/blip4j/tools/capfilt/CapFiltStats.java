package org.blip4j.tools.capfilt;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.metric.TextDiversity;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CapFiltText;

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
 * @param scores what helps to choose a threshold
 */
@JsonPropertyOrder({"shards", "totals", "seconds", "images_per_second"})
public record CapFiltStats(
    int shards,
    @JsonUnwrapped Totals totals,
    double seconds,
    double imagesPerSecond,
    CapFiltModels.Identity captioner,
    CapFiltModels.Identity filter,
    CapFiltSettings settings,
    String settingsSha256,
    ScoreFigures.Figures scores) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /**
   * What CapFilt read, kept and dropped.
   *
   * @param read records read
   * @param captioned images that the captioner wrote for
   * @param imagesKept images with at least one kept text
   * @param kept kept texts by source
   * @param dropped dropped texts by source
   * @param unreadable records or images that could not be used
   * @param reasons how often each reason was met, numbers in it put as N
   */
  public record Totals(
      long read,
      long captioned,
      long imagesKept,
      BySource kept,
      BySource dropped,
      long unreadable,
      Map<String, Long> reasons) {
    /** Copies the map. */
    public Totals {
      reasons = ImmutableMap.copyOf(ImmutableSortedMap.copyOf(reasons));
    }
  }

  /**
   * Numbers of texts.
   *
   * @param web that came with their image
   * @param synthetic that the captioner wrote
   */
  public record BySource(long web, long synthetic) {
    BySource plus(CapFiltText.Source source) {
      return source == CapFiltText.Source.WEB
          ? new BySource(web + 1, synthetic)
          : new BySource(web, synthetic + 1);
    }

    long sum() {
      return web + synthetic;
    }
  }

  /** Counts finished shards by their scores and marks. */
  static CapFiltStats count(CapFiltFolder folder, CapFiltPlan plan, List<String> names)
      throws IOException {
    return count(folder, plan, names, new ScoreFigures(plan.settings().policy()));
  }

  private static CapFiltStats count(
      CapFiltFolder folder, CapFiltPlan plan, List<String> names, ScoreFigures figures)
      throws IOException {
    Counter counter = new Counter();
    double seconds = 0;
    for (String name : names) {
      counter.count(folder, name, figures);
      seconds += seconds(folder, name);
    }
    return new CapFiltStats(
        names.size(),
        counter.totals(),
        seconds,
        counter.read / Math.max(seconds, 1e-9),
        plan.captioner(),
        plan.filter(),
        plan.settings(),
        plan.settingsSha256(),
        figures.figures());
  }

  /**
   * Ends the work on a folder of which all shards are done.
   *
   * @param codec finds the pictures of the report in the input shards
   */
  static CapFiltStats finish(CapFiltFolder folder, CapFiltPlan plan, ExampleCodec codec)
      throws IOException {
    folder.tidy();
    ScoreFigures figures = new ScoreFigures(plan.settings().policy());
    CapFiltStats stats = count(folder, plan, plan.names(), figures);
    stats.write(folder.stats());
    if (folder.pairs()) {
      CapFiltReport.of(stats, figures, plan, codec).write(folder.report());
    }
    folder.finish();
    return stats;
  }

  /** How long was worked on a finished shard. */
  static double seconds(CapFiltFolder folder, String name) throws IOException {
    String text = new String(Files.readAllBytes(folder.mark(name)), StandardCharsets.UTF_8).strip();
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IOException(
          folder.mark(name) + " is damaged; delete it, and the shard is made anew", e);
    }
  }

  void write(Path file) throws IOException {
    String json = MAPPER.writeValueAsString(this) + "\n";
    AtomicFile.write(file, json.getBytes(StandardCharsets.UTF_8));
  }

  /** The totals for people. */
  public String text() {
    TextDiversity.Counts kept = scores.diversity().get("all");
    return String.format(
        Locale.ROOT,
        """
        %,d records of %d shards, %,d unreadable; %,d images captioned, %,d kept
          web texts        %,10d kept %,10d dropped
          synthetic texts  %,10d kept %,10d dropped
          kept texts       %,10d different; %,d words, %,d pairs, %,d triples of words
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
        kept.distinct(),
        kept.distinctNgrams().get(0),
        kept.distinctNgrams().get(1),
        kept.distinctNgrams().get(2),
        imagesPerSecond);
  }

  /**
   * A reason without what differs from image to image: bytes that are quoted in hexadecimal are
   * left out, numbers and checksums are put as N.
   */
  static String kindOf(String reason) {
    return reason
        .replaceAll("\\b[0-9a-f]{2}( [0-9a-f]{2})+\\b( \\.\\.\\.)?", "...")
        .replaceAll("\\b([0-9a-f]{8}|\\d+)\\b", "N");
  }

  private static final class Counter {
    private static final int MOST_REASONS = 50;

    private long read;
    private long captioned;
    private long imagesKept;
    private BySource kept = new BySource(0, 0);
    private BySource dropped = new BySource(0, 0);
    private long unreadable;
    private final Map<String, Long> reasons = new TreeMap<>();

    void count(CapFiltFolder folder, String name, ScoreFigures figures) throws IOException {
      ScoreLine.forEach(
          folder.scores(name),
          scores -> {
            count(scores);
            if (scores.readable()) {
              figures.add(name, scores);
            }
          });
    }

    private void count(ScoreLine line) {
      read++;
      if (!line.readable()) {
        unreadable++;
        String reason = kindOf(String.valueOf(line.reason()));
        boolean full = reasons.size() >= MOST_REASONS && !reasons.containsKey(reason);
        reasons.merge(full ? "other" : reason, 1L, Long::sum);
        return;
      }
      imagesKept += line.decision().equals(ScoreLine.KEPT) ? 1 : 0;
      boolean written = false;
      for (CapFiltText text : line.texts()) {
        written |= text.source() == CapFiltText.Source.SYNTHETIC;
        if (text.kept()) {
          kept = kept.plus(text.source());
        } else {
          dropped = dropped.plus(text.source());
        }
      }
      captioned += written ? 1 : 0;
    }

    Totals totals() {
      return new Totals(read, captioned, imagesKept, kept, dropped, unreadable, reasons);
    }
  }
}
