package org.blip4j.tools.bootstrap;

import com.google.common.base.Strings;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.tools.report.ReportPage;

/**
 * What a comparison came to: a table for the console, {@code results.json} and a page.
 *
 * @param seeds that every row was run with
 * @param setting what was trained on what, a line for people
 * @param rows in the order of the table
 */
public record AblationReport(List<Long> seeds, String setting, List<Line> rows) {
  private static final ImmutableSet<String> COUNTS = ImmutableSet.of("kept_web", "kept_synthetic");

  /**
   * A row of the table.
   *
   * @param row its name on the command line
   * @param title a few words
   * @param meaning what the model was trained on beside the human set
   * @param figures by name
   */
  public record Line(
      String row, String title, String meaning, Map<String, Ablation.Figure> figures) {}

  /** Copies the lists. */
  public AblationReport {
    seeds = ImmutableList.copyOf(seeds);
    rows = ImmutableList.copyOf(rows);
  }

  /** Puts what was found into lines. */
  public static AblationReport of(
      List<Long> seeds,
      String setting,
      Map<AblationRow, ImmutableMap<String, Ablation.Figure>> found) {
    return new AblationReport(
        seeds,
        setting,
        found.entrySet().stream()
            .map(
                row ->
                    new Line(
                        row.getKey().word(),
                        row.getKey().title(),
                        row.getKey().meaning(),
                        row.getValue()))
            .toList());
  }

  /** Names of all figures, in the order in which rows have them. */
  public ImmutableList<String> names() {
    Set<String> names = new LinkedHashSet<>();
    rows.forEach(row -> names.addAll(row.figures().keySet()));
    return ImmutableList.copyOf(names);
  }

  /** Names of the figures that a diagram shows: those that every row has. */
  public ImmutableList<String> drawn() {
    return names().stream()
        .filter(name -> rows.stream().allMatch(row -> row.figures().containsKey(name)))
        .collect(ImmutableList.toImmutableList());
  }

  /** Least and greatest value of a figure over all rows and seeds. */
  public List<Double> range(String name) {
    double[] all =
        rows.stream()
            .flatMap(row -> row.figures().get(name).seeds().stream())
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    return List.of(all[0], all[all.length - 1]);
  }

  /** "0.912 ± 0.013", counts and percents without needless digits; "–" where there is none. */
  public String value(Line row, String name) {
    Ablation.Figure figure = row.figures().get(name);
    if (figure == null) {
      return "–";
    }
    String digits = COUNTS.contains(name) ? "%.0f" : figure.mean() >= 10 ? "%.1f" : "%.3f";
    String mean = String.format(Locale.ROOT, digits, figure.mean());
    return seeds.size() == 1
        ? mean
        : mean + " ± " + String.format(Locale.ROOT, digits, figure.spread());
  }

  /** The table for people. */
  public String table() {
    ImmutableList<String> names = names();
    int title = rows.stream().mapToInt(row -> row.title().length()).max().orElse(0);
    StringBuilder table = new StringBuilder(Strings.padEnd("", title, ' '));
    int[] widths =
        names.stream()
            .mapToInt(
                name ->
                    Math.max(
                        name.length(),
                        rows.stream().mapToInt(row -> value(row, name).length()).max().orElse(0)))
            .toArray();
    for (int i = 0; i < widths.length; i++) {
      table.append("  ").append(Strings.padStart(names.get(i), widths[i], ' '));
    }
    for (Line row : rows) {
      table.append('\n').append(Strings.padEnd(row.title(), title, ' '));
      for (int i = 0; i < widths.length; i++) {
        table.append("  ").append(Strings.padStart(value(row, names.get(i)), widths[i], ' '));
      }
    }
    return table.toString();
  }

  /** Writes {@code results.json} and {@code report.html}; the page. */
  public Path write(Path folder) throws IOException {
    AtomicFile.write(folder.resolve("results.json"), ConfigJson.write(this));
    Path page = folder.resolve("report.html");
    ReportPage.write(page, "ablation.ftlh", this);
    return page;
  }
}
