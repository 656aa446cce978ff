package org.blip4j.tools.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.data.file.TextFile;
import org.blip4j.training.event.StepReport;

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

  /** Names of what people watch of a run, in the order of the diagrams. */
  private static final List<Pattern> WATCHED =
      Stream.of(
              "loss", "loss_.*", "itm_accuracy", "learning_rate", "gradient_norm", "validation/.*")
          .map(Pattern::compile)
          .toList();

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
      TreeMap<Integer, Double> points = measures(run.folder()).get(measure);
      if (points != null) {
        curves.add(new Curve(run.name(), run.color(), points));
      }
    }
    return new LineChart(title, "step", "loss", curves.build(), baseline);
  }

  /**
   * What people watch of a run, a diagram each, titled by the names of {@code metrics.jsonl}: the
   * loss and its parts, ITM loss and accuracy beside what "no match" always gives, learning rate,
   * norm of the gradients, figures of validations. A run that has logged nothing has none.
   */
  public static ImmutableList<LineChart> ofRun(Path run) throws IOException {
    Map<String, TreeMap<Integer, Double>> measures = measures(run);
    ImmutableList.Builder<LineChart> charts = ImmutableList.builder();
    for (Pattern kind : WATCHED) {
      measures.forEach(
          (name, points) -> {
            if (kind.matcher(name).matches()) {
              charts.add(
                  new LineChart(
                      name,
                      "step",
                      "",
                      ImmutableList.of(new Curve(name, Color.THIRD, points)),
                      noMatch(name, measures)));
            }
          });
    }
    return charts.build();
  }

  /** The level of a measure where the answer is always "no match". */
  private static OptionalDouble noMatch(
      String name, Map<String, TreeMap<Integer, Double>> measures) {
    TreeMap<Integer, Double> logged = measures.get("itm_baseline");
    if (logged == null) {
      return OptionalDouble.empty();
    }
    return switch (name) {
      case StepReport.ITM_ACCURACY -> OptionalDouble.of(logged.lastEntry().getValue());
      case StepReport.ITM_LOSS -> OptionalDouble.of(StepReport.ITM_BASELINE_LOSS);
      default -> OptionalDouble.empty();
    };
  }

  /**
   * All numbers that a run has logged, by name and step. The last line may be cut off: a killed run
   * leaves it so and writes it anew when it goes on.
   */
  private static Map<String, TreeMap<Integer, Double>> measures(Path run) throws IOException {
    Map<String, TreeMap<Integer, Double>> measures = new LinkedHashMap<>();
    Path file = run.resolve("metrics.jsonl");
    List<String> lines = Files.exists(file) ? TextFile.lines(file) : List.of();
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line;
      try {
        line = MAPPER.readTree(lines.get(i));
      } catch (JsonProcessingException e) {
        if (i == lines.size() - 1) {
          break;
        }
        throw new IOException(
            "%s:%d is damaged: %s".formatted(file, i + 1, e.getOriginalMessage()), e);
      }
      int step = line.path("step").asInt();
      line.properties()
          .forEach(
              field -> {
                if (field.getValue().isNumber()) {
                  measures
                      .computeIfAbsent(field.getKey(), name -> new TreeMap<>())
                      .put(step, field.getValue().asDouble());
                }
              });
    }
    return measures;
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
      series.add(ImmutableMap.of("name", curve.name(), "color", color));
    }
    return MAPPER
        .writeValueAsString(
            ImmutableMap.of(
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
