package org.blip4j.tools.capfilt;

import com.google.common.primitives.Booleans;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.blip4j.data.metric.BinaryCounts;
import org.blip4j.data.metric.WilsonInterval;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code capfilt calibrate}: what a judged table says of thresholds. */
@Command(
    name = "calibrate",
    description = {
      "Say precision and recall by threshold and source from a table that a person has judged, how"
          + " well the score tells right from wrong (AUC), and the threshold for a wanted"
          + " precision.",
      "Shares are of all texts of the set: each pair counts for those that it was drawn from."
          + " Intervals are Wilson's of 95 %% for the effective number of pairs (Kish)."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip capfilt calibrate judge.csv --wanted-precision 0.9")
final class CalibrateCommand implements Callable<Integer> {
  private static final int STEPS = 20;

  @Parameters(paramLabel = "TABLE", description = "The table of capfilt sample, judged.")
  private Path table;

  @Option(
      names = "--wanted-precision",
      paramLabel = "P",
      description = "Also find the least threshold whose kept texts are right in this share.")
  private Double precision;

  @Mixin private CommonOptions common;

  /**
   * What a threshold does.
   *
   * @param source texts of it, or {@code all}
   * @param threshold least match probability of a kept text
   * @param pairs judged pairs that it keeps
   * @param keptShare share of texts that it keeps
   * @param precision share of right ones among those kept
   * @param recall share of the right ones that is kept
   */
  record Figures(
      String source,
      double threshold,
      long pairs,
      double keptShare,
      double precision,
      double precisionLow,
      double precisionHigh,
      double recall,
      double recallLow,
      double recallHigh) {
    static Figures of(String source, List<JudgedTable.Row> rows, double threshold) {
      WilsonInterval.Weighted kept = new WilsonInterval.Weighted();
      WilsonInterval.Weighted found = new WilsonInterval.Weighted();
      double all = 0;
      for (JudgedTable.Row row : rows) {
        boolean keeps = row.probability() >= threshold;
        boolean right = row.right().orElseThrow();
        all += row.weight();
        if (keeps) {
          kept.add(row.weight(), right);
        }
        if (right) {
          found.add(row.weight(), keeps);
        }
      }
      WilsonInterval precision = kept.interval();
      WilsonInterval recall = found.interval();
      return new Figures(
          source,
          threshold,
          kept.cases(),
          kept.sum() / all,
          precision.share(),
          precision.low(),
          precision.high(),
          recall.share(),
          recall.low(),
          recall.high());
    }

    private String text() {
      return String.format(
          Locale.ROOT,
          "%-10s %9.3f %6d %6.1f %%   %5.1f %% (%5.1f to %5.1f)   %5.1f %% (%5.1f to %5.1f)",
          source,
          threshold,
          pairs,
          100 * keptShare,
          100 * precision,
          100 * precisionLow,
          100 * precisionHigh,
          100 * recall,
          100 * recallLow,
          100 * recallHigh);
    }
  }

  /**
   * How well the score tells right texts from wrong ones, whatever the threshold.
   *
   * @param source texts of it, or {@code all}
   * @param auc probability that a right text scores above a wrong one, ties counting one half; null
   *     if all are right or all wrong
   * @param right judged pairs that are right
   * @param wrong those that are not
   */
  record Ranking(String source, Double auc, long right, long wrong) {
    static Ranking of(String source, List<JudgedTable.Row> rows) {
      boolean[] right = Booleans.toArray(rows.stream().map(row -> row.right().get()).toList());
      OptionalDouble auc =
          BinaryCounts.rocAuc(
              rows.stream().mapToDouble(JudgedTable.Row::probability).toArray(),
              right,
              rows.stream().mapToDouble(JudgedTable.Row::weight).toArray());
      int rightOnes = Booleans.countTrue(right);
      return new Ranking(
          source, auc.isPresent() ? auc.getAsDouble() : null, rightOnes, rows.size() - rightOnes);
    }

    private String text() {
      return auc == null
          ? "%-10s no AUC: it needs right and wrong pairs".formatted(source)
          : String.format(
              Locale.ROOT,
              "%-10s AUC %.3f: the share of %d right and %d wrong pairs that are told apart",
              source,
              auc,
              right,
              wrong);
    }
  }

  /**
   * Thresholds for a wanted precision.
   *
   * @param source texts of it, or {@code all}
   * @param wantedPrecision what was asked for
   * @param threshold the least at which the precision seen reaches it; null if there is none
   * @param sureThreshold the least at which the lower bound reaches it; null if there is none
   */
  record Wanted(String source, double wantedPrecision, Double threshold, Double sureThreshold) {
    static Wanted of(String source, List<JudgedTable.Row> rows, double wanted) {
      List<Figures> all =
          DoubleStream.concat(
                  DoubleStream.of(0), rows.stream().mapToDouble(JudgedTable.Row::probability))
              .sorted()
              .distinct()
              .mapToObj(threshold -> Figures.of(source, rows, threshold))
              .toList();
      return new Wanted(
          source,
          wanted,
          first(all.stream().filter(figures -> figures.precision() >= wanted).findFirst()),
          first(all.stream().filter(figures -> figures.precisionLow() >= wanted).findFirst()));
    }

    private static Double first(Optional<Figures> found) {
      return found.map(Figures::threshold).orElse(null);
    }

    private String text() {
      return String.format(
          Locale.ROOT,
          "%-10s precision %.3f: %s; with the lower bound: %s",
          source,
          wantedPrecision,
          word(threshold),
          word(sureThreshold));
    }

    private static String word(Double threshold) {
      return threshold == null
          ? "no threshold of these pairs gives it"
          : String.format(Locale.ROOT, "from a threshold of %.4f on", threshold);
    }
  }

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    if (precision != null && !(precision > 0 && precision <= 1)) {
      throw new IllegalArgumentException(
          "--wanted-precision " + precision + " is no share; use a number above 0 and up to 1");
    }
    JudgedTable read = JudgedTable.read(table);
    List<JudgedTable.Row> judged = read.judged();
    if (judged.size() < read.rows().size()) {
      console.note(
          "%d of %d pairs are not judged; the others of their part stand for them",
          read.rows().size() - judged.size(), read.rows().size());
    }
    if (judged.stream().noneMatch(row -> row.right().orElseThrow())) {
      console.warn("no pair is right: there is no recall");
    }
    console.text("texts      threshold  pairs     kept   precision (95 %)           recall (95 %)");
    for (String source : sources(judged)) {
      List<JudgedTable.Row> rows = of(judged, source);
      for (Figures figures :
          IntStream.range(0, STEPS)
              .mapToObj(step -> Figures.of(source, rows, (double) step / STEPS))
              .toList()) {
        console.result(figures, figures.text());
      }
    }
    for (String source : sources(judged)) {
      Ranking ranking = Ranking.of(source, of(judged, source));
      console.result(ranking, ranking.text());
    }
    if (precision != null) {
      for (String source : sources(judged)) {
        Wanted wanted = Wanted.of(source, of(judged, source), precision);
        console.result(wanted, wanted.text());
      }
    }
    return ExitCodes.OK;
  }

  private static List<String> sources(List<JudgedTable.Row> rows) {
    List<String> words = rows.stream().map(row -> row.source().word()).distinct().sorted().toList();
    return words.size() == 1 ? words : List.of("all", "web", "synthetic");
  }

  private static List<JudgedTable.Row> of(List<JudgedTable.Row> rows, String source) {
    return rows.stream()
        .filter(row -> source.equals("all") || row.source().word().equals(source))
        .toList();
  }
}
