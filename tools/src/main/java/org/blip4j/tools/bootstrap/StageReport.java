package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a finished stage says: a line of the command's output.
 *
 * @param stage its name
 * @param seconds it took, when it was run
 * @param skipped whether it was finished before this start
 * @param figures what it measured, by name
 */
public record StageReport(
    String stage, double seconds, boolean skipped, Map<String, Double> figures) {
  /** Copies the figures. */
  public StageReport {
    figures = ImmutableMap.copyOf(figures);
  }

  StageReport asSkipped() {
    return new StageReport(stage, seconds, true, figures);
  }

  /** The line for people. */
  public String text() {
    String measured =
        figures.entrySet().stream()
            .map(figure -> figure.getKey() + " " + number(figure.getValue()))
            .collect(Collectors.joining("  "));
    return String.format(
            Locale.ROOT,
            "%-20s %7.1f s%s  %s",
            stage,
            seconds,
            skipped ? " (done before)" : "",
            measured)
        .stripTrailing();
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.4g", value);
  }
}
