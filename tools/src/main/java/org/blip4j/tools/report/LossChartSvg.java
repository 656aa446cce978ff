package org.blip4j.tools.report;

import com.google.common.collect.ImmutableList;
import com.google.common.html.HtmlEscapers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Draws a {@link LossChart} as an SVG figure: the losses thin, their running mean thick, colours
 * from the page's style sheet.
 */
public final class LossChartSvg {
  private static final int WIDTH = 340;
  private static final int HEIGHT = 190;
  private static final int LEFT = 38;
  private static final int RIGHT = 8;
  private static final int TOP = 8;
  private static final int BOTTOM = 22;
  private static final int COLORS = 4;

  /** Points on either side that the running mean takes in, as a share of the curve. */
  private static final int MEAN_SHARE = 40;

  private final LossChart chart;
  private final Axis steps;
  private final Axis losses;

  private LossChartSvg(LossChart chart) {
    this.chart = chart;
    double lastStep = 1;
    double lowest = chart.baseline().orElse(Double.POSITIVE_INFINITY);
    double highest = chart.baseline().orElse(Double.NEGATIVE_INFINITY);
    for (LossChart.Curve curve : chart.curves()) {
      for (LossChart.Point point : curve.points()) {
        lastStep = Math.max(lastStep, point.step());
        lowest = Math.min(lowest, point.loss());
        highest = Math.max(highest, point.loss());
      }
    }
    this.steps = new Axis(0, lastStep, LEFT, WIDTH - RIGHT);
    this.losses = new Axis(lowest, highest, HEIGHT - BOTTOM, TOP);
  }

  /** The whole figure with title and legend. */
  public static String figure(LossChart chart) {
    return new LossChartSvg(chart).figure();
  }

  private String figure() {
    StringBuilder out = new StringBuilder();
    String title = HtmlEscapers.htmlEscaper().escape(chart.title());
    out.append("<figure><figcaption>").append(title).append("</figcaption><div class=\"legend\">");
    for (int i = 0; i < chart.curves().size(); i++) {
      String name = HtmlEscapers.htmlEscaper().escape(chart.curves().get(i).name());
      out.append(format("<span class=\"c%d\">%s</span>", i % COLORS, name));
    }
    out.append("</div>");
    out.append(
        format("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT, title));
    grid(out);
    for (int i = 0; i < chart.curves().size(); i++) {
      curve(out, chart.curves().get(i).points(), i % COLORS);
    }
    return out.append("</svg></figure>\n").toString();
  }

  private void grid(StringBuilder out) {
    for (double level : losses.ticks()) {
      double y = losses.at(level);
      out.append(
          format(
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
              LEFT, WIDTH - RIGHT, y, y));
      out.append(
          format(
              "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
              LEFT - 6, y + 4, losses.label(level)));
    }
    for (double step : steps.ticks()) {
      out.append(
          format(
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.0f</text>",
              steps.at(step),
              HEIGHT - 6,
              step == 0 ? "start" : steps.at(step) > WIDTH - RIGHT - 12 ? "end" : "middle",
              step));
    }
    chart
        .baseline()
        .ifPresent(
            level ->
                out.append(
                    format(
                        "<line class=\"base\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                        LEFT, WIDTH - RIGHT, losses.at(level), losses.at(level))));
  }

  private void curve(StringBuilder out, ImmutableList<LossChart.Point> points, int color) {
    List<LossChart.Point> mean = runningMean(points);
    out.append(format("<path class=\"raw c%d\" d=\"%s\"/>", color, path(points)));
    out.append(format("<path class=\"mean c%d\" d=\"%s\"/>", color, path(mean)));
  }

  private String path(List<LossChart.Point> points) {
    StringBuilder path = new StringBuilder();
    for (LossChart.Point point : points) {
      path.append(path.isEmpty() ? 'M' : 'L')
          .append(format("%.1f %.1f", steps.at(point.step()), losses.at(point.loss())));
    }
    return path.toString();
  }

  private static List<LossChart.Point> runningMean(List<LossChart.Point> points) {
    int reach = points.size() / MEAN_SHARE;
    List<LossChart.Point> mean = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      List<LossChart.Point> around =
          points.subList(Math.max(0, i - reach), Math.min(points.size(), i + reach + 1));
      double loss = around.stream().mapToDouble(LossChart.Point::loss).average().orElseThrow();
      mean.add(new LossChart.Point(points.get(i).step(), loss));
    }
    return mean;
  }

  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  /** A linear scale from values to pixels with round ticks. */
  private record Axis(double low, double high, double start, double end) {
    private static final int WANTED_TICKS = 5;

    Axis {
      if (high - low < 1e-9) {
        low -= 0.5;
        high += 0.5;
      }
    }

    double at(double value) {
      return start + (value - low) / (high - low) * (end - start);
    }

    private double stride() {
      double rough = (high - low) / WANTED_TICKS;
      double power = Math.pow(10, Math.floor(Math.log10(rough)));
      double digit = rough / power;
      return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    List<Double> ticks() {
      List<Double> ticks = new ArrayList<>();
      double stride = stride();
      double first = Math.ceil(low / stride - 1e-9) + 0.0; // + 0.0 makes -0 a 0
      for (double i = first; i * stride <= high + 1e-9 * stride; i++) {
        ticks.add(i * stride);
      }
      return ticks;
    }

    String label(double value) {
      int decimals = Math.max(0, (int) -Math.floor(Math.log10(stride()) + 1e-9));
      return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
  }
}
