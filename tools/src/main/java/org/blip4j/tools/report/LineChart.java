package org.blip4j.tools.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * A diagram of a page: curves over a common axis.
 *
 * @param title such as "Image-text contrastive loss"
 * @param across what lies along the lower axis, such as "step"
 * @param up what lies along the left axis, such as "loss"
 * @param curves at least one
 * @param baseline a level to compare with, such as that of always saying "no match"
 */
public record LineChart(
    String title, String across, String up, ImmutableList<Curve> curves, OptionalDouble baseline) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final int MEAN_SHARE = 40;

  /** Colours of the style sheet. */
  public enum Color {
    /** Of the first of two that are compared. */
    FIRST,
    /** Of the second. */
    SECOND,
    /** Of neither. */
    THIRD
  }

  /**
   * A curve.
   *
   * @param name such as "raw web texts"
   * @param color by which the page means the same thing everywhere
   * @param points by their place on the lower axis, at least one
   */
  public record Curve(String name, Color color, TreeMap<Integer, Double> points) {
    /** Refuses what cannot be drawn. */
    public Curve {
      if (points.isEmpty()) {
        throw new IllegalArgumentException("the curve \"" + name + "\" has no points");
      }
      points.forEach(
          (place, value) -> {
            if (!Double.isFinite(value)) {
              throw new IllegalArgumentException(
                  "the curve \"%s\" is %s at %d".formatted(name, value, place));
            }
          });
    }

    /** A measure over the steps of a run, from its {@code metrics.jsonl}; may have no points. */
    static TreeMap<Integer, Double> read(Path run, String measure) throws IOException {
      TreeMap<Integer, Double> points = new TreeMap<>();
      Path file = run.resolve("metrics.jsonl");
      try (BufferedReader lines = Files.newBufferedReader(file)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          JsonNode metrics = MAPPER.readTree(line);
          if (metrics.path(measure).isNumber()) {
            points.put(metrics.path("step").asInt(), metrics.path(measure).asDouble());
          }
        }
      } catch (JsonProcessingException e) {
        throw new IOException(file + " is damaged: " + e.getOriginalMessage(), e);
      }
      return points;
    }
  }

  /** Refuses an empty diagram. */
  public LineChart {
    if (curves.isEmpty()) {
      throw new IllegalArgumentException("the diagram \"" + title + "\" has no curves");
    }
  }

  /**
   * A run to be drawn.
   *
   * @param name of its curve
   * @param color of its curve
   * @param folder of the run
   */
  public record Run(String name, Color color, Path folder) {}

  /** A measure over the steps of runs; runs without it have no curve. */
  public static LineChart ofRuns(
      String title, String measure, OptionalDouble baseline, List<Run> runs) throws IOException {
    ImmutableList.Builder<Curve> curves = ImmutableList.builder();
    for (Run run : runs) {
      TreeMap<Integer, Double> points = Curve.read(run.folder(), measure);
      if (!points.isEmpty()) {
        curves.add(new Curve(run.name(), run.color(), points));
      }
    }
    return new LineChart(title, "step", "loss", curves.build(), baseline);
  }

  /** What the script of the page draws, as JSON that may stand inside a script element. */
  public String json() throws JsonProcessingException {
    TreeMap<Integer, Integer> places = new TreeMap<>();
    curves.forEach(curve -> curve.points().keySet().forEach(place -> places.put(place, 0)));
    List<Object> data = new ArrayList<>();
    data.add(places.keySet());
    List<Map<String, String>> series = new ArrayList<>();
    for (Curve curve : curves) {
      String color = curve.color().name().toLowerCase(Locale.ROOT);
      TreeMap<Integer, Double> means = runningMean(curve.points());
      data.add(places.keySet().stream().map(curve.points()::get).toList());
      data.add(places.keySet().stream().map(means::get).toList());
      series.add(Map.of("name", curve.name(), "color", color));
    }
    return MAPPER
        .writeValueAsString(
            Map.of(
                "across", across,
                "up", up,
                "series", series,
                "baseline", baseline.isPresent() ? baseline.getAsDouble() : "",
                "data", data))
        .replace("<", "\\u003c");
  }

  private static TreeMap<Integer, Double> runningMean(TreeMap<Integer, Double> points) {
    List<Integer> places = List.copyOf(points.keySet());
    List<Double> values = List.copyOf(points.values());
    int reach = values.size() / MEAN_SHARE;
    TreeMap<Integer, Double> means = new TreeMap<>();
    for (int i = 0; i < values.size(); i++) {
      List<Double> around =
          values.subList(Math.max(0, i - reach), Math.min(values.size(), i + reach + 1));
      means.put(
          places.get(i), around.stream().mapToDouble(Double::doubleValue).average().orElseThrow());
    }
    return means;
  }
}
