package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.report.ReportPage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code capfilt sample}: draws pairs of a finished run for a person to judge. */
@Command(
    name = "sample",
    description = {
      "Draw pairs of a finished run for a person to judge: half of them around the threshold, half"
          + " from elsewhere, by source. TABLE gets them as CSV; beside it a page of the same name"
          + " (.html) shows the pictures and saves the judged table.",
      "Give the judged table to capfilt calibrate."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip capfilt sample --from bootstrapped --out judge.csv --count 200")
final class SampleCommand implements Callable<Integer> {
  @Mixin private FinishedRun run;

  @Option(names = "--out", paramLabel = "TABLE", required = true, description = "The table.")
  private Path out;

  @Option(names = "--count", paramLabel = "N", description = "Pairs drawn (200).")
  private int count = 200;

  @Option(
      names = "--around",
      paramLabel = "W",
      description = "How far from the threshold a score is around it (0.1).")
  private double around = 0.1;

  @Option(names = "--overwrite", description = "Replace a table and a page that are there.")
  private boolean overwrite;

  @Mixin private ComputeOptions.Seed seed;
  @Mixin private CommonOptions common;

  /**
   * What the page shows.
   *
   * @param table its name
   * @param cards pictures and texts
   * @param lines the table, without what the person says
   */
  public record Page(String table, ImmutableList<Card> cards, String header, String lines) {}

  /** A pair. */
  public record Card(String picture, String text) {}

  /** A text of a part with the number that it is drawn by. */
  private record Drawn(long order, JudgedTable.Row row) {}

  /** A part of all texts, of which those of the least numbers are drawn. */
  private static final class Stratum {
    private final PriorityQueue<Drawn> least =
        new PriorityQueue<>(Comparator.comparingLong(Drawn::order).reversed());
    private long texts;

    void add(Drawn drawn, int most) {
      texts++;
      least.add(drawn);
      if (least.size() > most) {
        least.poll();
      }
    }
  }

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    if (count < 1 || !(around > 0 && around <= 1)) {
      throw new IllegalArgumentException(
          "--count %d and --around %s cannot be; use 1 or more, and above 0 up to 1"
              .formatted(count, around));
    }
    String name = out.getFileName().toString();
    Path page = out.resolveSibling(name.replaceAll("\\.[^.]*$", "") + ".html");
    for (Path file : List.of(out, page)) {
      if (Files.exists(file) && !overwrite) {
        throw new IllegalArgumentException(file + " exists; give --overwrite to replace it");
      }
    }
    CapFiltFolder folder = run.folder();
    CapFiltPlan plan = CapFilt.finishedPlan(folder);
    if (!plan.settings().scores()) {
      throw new IllegalArgumentException(
          folder.path() + " was made with --no-filter; it has no scores to judge");
    }
    ImmutableList<CapFiltPlan.Shard> shards = shards(plan);
    List<JudgedTable.Row> rows = rows(strata(folder, plan));
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(folder.path() + " has no scored texts");
    }
    AtomicFile.write(
        out, new JudgedTable(ImmutableList.copyOf(rows)).csv().getBytes(StandardCharsets.UTF_8));
    ReportPage.write(page, "judge.ftlh", page(name, rows, shards));
    console.result(
        Map.of("pairs", rows.size(), "table", out.toString(), "page", page.toString()),
        "%d pairs in %s; open %s in a browser, judge, save the table, then: capfilt calibrate %s"
            .formatted(rows.size(), out, page, out));
    return ExitCodes.OK;
  }

  private Map<String, Stratum> strata(CapFiltFolder folder, CapFiltPlan plan) throws IOException {
    CapFiltPolicy policy = plan.settings().policy();
    Map<String, Stratum> strata = new TreeMap<>();
    for (CapFiltPlan.Shard shard : plan.shards()) {
      ScoreLine.forEach(
          folder.scores(shard.name()), line -> add(shard.name(), line, policy, strata));
    }
    return strata;
  }

  private void add(
      String shard, ScoreLine line, CapFiltPolicy policy, Map<String, Stratum> strata) {
    for (int i = 0; i < line.texts().size(); i++) {
      CapFiltText one = line.texts().get(i);
      if (one.itmProbability() != null && ScoreFigures.isOpen(one)) {
        boolean near = Math.abs(one.itmProbability() - policy.threshold(one.source())) <= around;
        String stratum = one.source().word() + (near ? " around" : " elsewhere");
        strata
            .computeIfAbsent(stratum, key -> new Stratum())
            .add(drawn(shard, line, i, stratum), count);
      }
    }
  }

  private Drawn drawn(String shard, ScoreLine line, int number, String stratum) {
    CapFiltText text = line.texts().get(number);
    String place = shard + "#" + line.index() + "#" + number;
    long order =
        Hashing.murmur3_128()
            .newHasher()
            .putLong(seed.value())
            .putString(place, StandardCharsets.UTF_8)
            .hash()
            .asLong();
    return new Drawn(
        order,
        new JudgedTable.Row(
            shard,
            line.index(),
            number,
            line.key(),
            stratum,
            text.source(),
            text.itmProbability(),
            1,
            text.text(),
            Optional.empty()));
  }

  /** Takes as many of each part, but more of others where one has not enough. */
  private List<JudgedTable.Row> rows(Map<String, Stratum> strata) {
    List<Stratum> open = new ArrayList<>(strata.values());
    open.sort(Comparator.comparingInt(stratum -> stratum.least.size()));
    List<Drawn> all = new ArrayList<>();
    int left = count;
    for (int i = 0; i < open.size(); i++) {
      Stratum stratum = open.get(i);
      int share = Math.min(stratum.least.size(), (left + open.size() - i - 1) / (open.size() - i));
      left -= share;
      double weight = (double) stratum.texts / Math.max(1, share);
      stratum.least.stream()
          .sorted(Comparator.comparingLong(Drawn::order))
          .limit(share)
          .forEach(drawn -> all.add(new Drawn(drawn.order(), drawn.row().withWeight(weight))));
    }
    all.sort(Comparator.comparingLong(Drawn::order));
    return all.stream().map(Drawn::row).toList();
  }

  /**
   * The shards that pictures are read from.
   *
   * @throws IllegalArgumentException if they are not those that were scored
   */
  private ImmutableList<CapFiltPlan.Shard> shards(CapFiltPlan plan) throws IOException {
    ImmutableList<CapFiltPlan.Shard> shards =
        run.shards().orElse(ImmutableList.copyOf(plan.shards()));
    for (String name : plan.names()) {
      if (shards.stream().noneMatch(shard -> shard.name().equals(name))) {
        throw new IllegalArgumentException("--data does not name the shard " + name);
      }
    }
    return shards;
  }

  private Page page(String name, List<JudgedTable.Row> rows, List<CapFiltPlan.Shard> shards) {
    Map<String, String> pictures = CapFiltReport.pictures(shards, run.codec(), rows);
    return new Page(
        name,
        rows.stream()
            .map(
                row ->
                    new Card(
                        pictures.getOrDefault(row.shard() + "#" + row.index(), ""), row.text()))
            .collect(ImmutableList.toImmutableList()),
        JudgedTable.header(),
        ReportPage.json(rows.stream().map(JudgedTable.Row::open).toList()));
  }
}
