package org.blip4j.tools.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;

/** Draws the diagrams of runs from their {@code metrics.jsonl}. */
public final class RunCharts {
  /** Entropy of guessing one match in three: where ITM begins. */
  private static final double ITM_BASELINE = 0.6365;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final ImmutableList.Builder<LossChart> charts = ImmutableList.builder();

  /** Adds a diagram of one loss over several runs; runs without it have no curve. */
  public RunCharts add(String title, String loss, ImmutableMap<String, Path> runs)
      throws IOException {
    ImmutableList.Builder<LossChart.Curve> curves = ImmutableList.builder();
    for (Map.Entry<String, Path> run : runs.entrySet()) {
      ImmutableList<LossChart.Point> points = points(run.getValue(), loss);
      if (!points.isEmpty()) {
        curves.add(new LossChart.Curve(run.getKey(), points));
      }
    }
    OptionalDouble baseline =
        loss.equals("loss_itm") ? OptionalDouble.of(ITM_BASELINE) : OptionalDouble.empty();
    charts.add(new LossChart(title, curves.build(), baseline));
    return this;
  }

  public ImmutableList<LossChart> charts() {
    return charts.build();
  }

  private static ImmutableList<LossChart.Point> points(Path run, String loss) throws IOException {
    ImmutableList.Builder<LossChart.Point> points = ImmutableList.builder();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      JsonNode metrics = MAPPER.readTree(line);
      if (metrics.has(loss)) {
        points.add(
            new LossChart.Point(metrics.path("step").asInt(), metrics.path(loss).asDouble()));
      }
    }
    return points.build();
  }
}
