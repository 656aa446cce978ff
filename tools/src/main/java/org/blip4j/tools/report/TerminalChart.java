package org.blip4j.tools.report;

import com.google.common.base.Strings;
import com.google.common.collect.ImmutableList;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A diagram as lines of text: each character is a Braille pattern of two dots across and four up. A
 * broken line shows the baseline where no curve runs.
 *
 * @param chart what is drawn
 * @param columns characters that the plot is wide, without the numbers at its left
 * @param rows characters that it is high
 */
public record TerminalChart(LineChart chart, int columns, int rows) {
  private static final int ACROSS = 2;
  private static final int UP = 4;
  private static final int BLANK = 0x2800;

  /** Bits of a pattern by its row from above, the left dot and the right one. */
  private static final int[][] DOTS = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

  /** Its title, its rows, and the line of the lower axis. */
  public ImmutableList<String> lines() {
    Range places = Range.of(chart.curves().stream().flatMap(c -> c.points().keySet().stream()));
    Range values = Range.of(chart.curves().stream().flatMap(c -> c.points().values().stream()));
    if (chart.baseline().isPresent()) {
      values = values.with(chart.baseline().getAsDouble());
    }
    int[][] cells = new int[rows][columns];
    for (LineChart.Curve curve : chart.curves()) {
      draw(curve.points(), places, values, cells);
    }
    int baseline =
        chart.baseline().isPresent()
            ? (rows * UP - 1 - values.dot(chart.baseline().getAsDouble(), rows * UP)) / UP
            : -1;
    String most = number(values.most);
    String least = number(values.least);
    int margin = Math.max(most.length(), least.length());
    ImmutableList.Builder<String> lines = ImmutableList.builder();
    lines.add(title());
    for (int row = 0; row < rows; row++) {
      String label = row == 0 ? most : row == rows - 1 ? least : "";
      lines.add(
          Strings.padStart(label, margin, ' ')
              + " │"
              + text(cells[row], row == baseline ? '┈' : ' '));
    }
    String from = number(places.least);
    String to = number(places.most);
    lines.add(" ".repeat(margin + 2) + from + Strings.padStart(to, columns - from.length(), ' '));
    return lines.build();
  }

  private String title() {
    StringBuilder title = new StringBuilder(chart.title());
    for (LineChart.Curve curve : chart.curves()) {
      title
          .append("  ")
          .append(number(curve.points().lastEntry().getValue()))
          .append(" at the last ");
      title.append(chart.across());
    }
    chart.baseline().ifPresent(level -> title.append(", ┈ ").append(number(level)));
    return title.toString();
  }

  private void draw(TreeMap<Integer, Double> points, Range places, Range values, int[][] cells) {
    int lastX = -1;
    int lastY = 0;
    for (Map.Entry<Integer, Double> point : points.entrySet()) {
      int x = places.dot(point.getKey(), columns * ACROSS);
      int y = values.dot(point.getValue(), rows * UP);
      int steps = lastX < 0 ? 0 : Math.max(x - lastX, Math.abs(y - lastY));
      for (int i = 0; i < steps; i++) {
        double share = (double) i / steps;
        dot(
            cells,
            (int) Math.round(lastX + share * (x - lastX)),
            (int) Math.round(lastY + share * (y - lastY)));
      }
      dot(cells, x, y);
      lastX = x;
      lastY = y;
    }
  }

  /** Sets a dot, counted from the left and from below. */
  private void dot(int[][] cells, int x, int y) {
    int fromAbove = rows * UP - 1 - y;
    cells[fromAbove / UP][x / ACROSS] |= DOTS[fromAbove % UP][x % ACROSS];
  }

  private static String text(int[] cells, char empty) {
    StringBuilder text = new StringBuilder();
    for (int cell : cells) {
      text.append(cell == 0 ? empty : (char) (BLANK + cell));
    }
    return text.toString().stripTrailing();
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e9;
    return String.format(Locale.ROOT, whole ? "%,.0f" : "%.4g", value);
  }

  private record Range(double least, double most) {
    static Range of(Stream<? extends Number> numbers) {
      DoubleSummaryStatistics all = numbers.mapToDouble(Number::doubleValue).summaryStatistics();
      return new Range(all.getMin(), all.getMax());
    }

    Range with(double value) {
      return new Range(Math.min(least, value), Math.max(most, value));
    }

    /** The nearest of some dots from the least to the most; of a single value the middle one. */
    int dot(double value, int dots) {
      return most == least
          ? (dots - 1) / 2
          : (int) Math.round((value - least) / (most - least) * (dots - 1));
    }
  }
}
