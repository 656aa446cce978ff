package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a finished run to a judged table and what it says. */
class CalibrateTest {
  private static final int IMAGES = 400;

  @TempDir private Path folder;

  private Path filtered() throws IOException {
    CapFiltPlan plan =
        CapFiltData.plan(
            CapFiltData.write(folder.resolve("in"), 2, IMAGES / 2), CapFiltData.settings());
    Path out = folder.resolve("out");
    CapFiltData.run(out, plan, FakeModels.quick(), 1);
    return out;
  }

  private CliRun sample(Path from, Path table, String... more) {
    List<String> all = new ArrayList<>(List.of("capfilt", "sample", "--from", from.toString()));
    all.addAll(List.of("--out", table.toString()));
    all.addAll(List.of(more));
    return CliRun.of(all.toArray(String[]::new));
  }

  /** Right with the probability of its score: what a calibrated filter's texts are. */
  private static boolean isRight(JudgedTable.Row row) {
    return Math.floorMod(row.text().hashCode() * 31, 1000) < 1000 * row.probability();
  }

  private static JudgedTable judged(JudgedTable table) {
    List<JudgedTable.Row> rows = new ArrayList<>();
    for (JudgedTable.Row row : table.rows()) {
      rows.add(
          new JudgedTable.Row(
              row.shard(),
              row.index(),
              row.number(),
              row.key(),
              row.stratum(),
              row.source(),
              row.probability(),
              row.weight(),
              row.text(),
              Optional.of(isRight(row))));
    }
    return new JudgedTable(ImmutableList.copyOf(rows));
  }

  @Test
  void drawsAroundTheThresholdAndElsewhereWithWeights() throws IOException {
    Path from = filtered();
    Path table = folder.resolve("judge.csv");
    CliRun run = sample(from, table, "--count", "80");
    assertEquals(0, run.status(), run.err());
    JudgedTable read = JudgedTable.read(table);
    assertEquals(80, read.rows().size());
    Map<String, Integer> drawn = new HashMap<>();
    Map<String, Double> whole = new HashMap<>();
    for (JudgedTable.Row row : read.rows()) {
      drawn.merge(row.stratum(), 1, Integer::sum);
      whole.merge(row.stratum(), row.weight(), Double::sum);
      boolean around = Math.abs(row.probability() - 0.5) <= 0.1;
      assertEquals(row.source().word() + (around ? " around" : " elsewhere"), row.stratum());
    }
    assertEquals(4, drawn.size());
    drawn.forEach((stratum, count) -> assertEquals(20, count, stratum));
    assertEquals(2 * IMAGES, whole.values().stream().mapToDouble(w -> w).sum(), 1e-6);
    String html = Files.readString(folder.resolve("judge.html"));
    assertEquals(80, html.split("data:image/png;base64", -1).length - 1);
    assertEquals(240, html.split("type=\"radio\"", -1).length - 1);
    assertFalse(html.contains(" src=\"http"));
    Path again = folder.resolve("again.csv");
    sample(from, again, "--count", "80");
    assertEquals(Files.readString(table), Files.readString(again), "equal seeds draw equal pairs");
    assertEquals(2, sample(from, table).status(), "nothing is overwritten");
  }

  @Test
  void anAllJudgedTableSaysWhatIsTrueOfTheSet() throws IOException {
    Path table = folder.resolve("all.csv");
    assertEquals(0, sample(filtered(), table, "--count", "100000").status());
    JudgedTable judged = judged(JudgedTable.read(table));
    assertEquals(2 * IMAGES, judged.rows().size());
    Files.writeString(table, judged.csv());
    CliRun run =
        CliRun.of("capfilt", "calibrate", table.toString(), "--json", "--wanted-precision", "0.9");
    assertEquals(0, run.status(), run.err());
    int checked = 0;
    for (String line : run.lines()) {
      JsonNode row = JsonMapper.builder().build().readTree(line);
      if (row.path("source").asText().equals("web") && row.has("precision")) {
        double threshold = row.path("threshold").asDouble();
        List<JudgedTable.Row> web =
            judged.rows().stream().filter(r -> r.source() == CapFiltText.Source.WEB).toList();
        double kept = web.stream().filter(r -> r.probability() >= threshold).count();
        double right = web.stream().filter(CalibrateTest::isRight).count();
        double both = web.stream().filter(r -> r.probability() >= threshold && isRight(r)).count();
        assertEquals(both / kept, row.path("precision").asDouble(), 1e-9, line);
        assertEquals(both / right, row.path("recall").asDouble(), 1e-9, line);
        assertEquals(kept / web.size(), row.path("kept_share").asDouble(), 1e-9, line);
        assertTrue(
            row.path("precision_low").asDouble() <= both / kept
                && row.path("precision_high").asDouble() >= both / kept,
            line);
        checked++;
      }
    }
    assertEquals(20, checked);
    JsonNode web = JsonMapper.builder().build().readTree(run.lines().get(61));
    assertEquals("web", web.path("source").asText());
    assertEquals(IMAGES, web.path("right").asInt() + web.path("wrong").asInt());
    assertTrue(web.path("auc").asDouble() > 0.7, web + "");
    JsonNode wanted = JsonMapper.builder().build().readTree(run.lines().get(63));
    List<JudgedTable.Row> rows = judged.judged();
    double threshold = wanted.path("threshold").asDouble();
    assertTrue(CalibrateCommand.Figures.of("all", rows, threshold).precision() >= 0.9);
    assertTrue(
        rows.stream()
            .mapToDouble(JudgedTable.Row::probability)
            .filter(score -> score < threshold)
            .noneMatch(
                score -> CalibrateCommand.Figures.of("all", rows, score).precision() >= 0.9));
    assertTrue(wanted.path("sure_threshold").asDouble() > threshold);
  }

  /** Weights undo how the sample was drawn; without them the shares would be others. */
  @Test
  void aSampleSaysItWithinItsIntervals() throws IOException {
    Path from = filtered();
    Path all = folder.resolve("all.csv");
    sample(from, all, "--count", "100000");
    List<JudgedTable.Row> truth = judged(JudgedTable.read(all)).judged();
    double kept = CalibrateCommand.Figures.of("all", truth, 0.5).keptShare();
    double recall = CalibrateCommand.Figures.of("all", truth, 0.5).recall();
    int covered = 0;
    double mean = 0;
    int seeds = 12;
    for (int seed = 1; seed <= seeds; seed++) {
      Path table = folder.resolve(seed + ".csv");
      sample(from, table, "--count", "120", "--seed", seed + "", "--around", "0.05");
      CalibrateCommand.Figures seen =
          CalibrateCommand.Figures.of("all", judged(JudgedTable.read(table)).judged(), 0.5);
      covered += seen.recallLow() <= recall && recall <= seen.recallHigh() ? 1 : 0;
      mean += seen.keptShare() / seeds;
    }
    assertTrue(covered >= 10, covered + " of " + seeds);
    assertEquals(kept, mean, 0.03);
  }

  @Test
  void whatAPersonOrASpreadsheetWritesIsReadOrNamed() throws IOException {
    Path table = folder.resolve("t.csv");
    String head = JudgedTable.header().replace(',', ';') + "\r\n";
    Files.writeString(
        table,
        "\ufeff"
            + head
            + "s;0;0;k;web around;web;0.9;2;\"a; b\";YES\r\n"
            + "s;1;0;k;web around;web;0.8;2;c;n\r\n"
            + "s;2;0;k;web around;web;0.7;2;d;?\r\n");
    JudgedTable read = JudgedTable.read(table);
    assertEquals("a; b", read.rows().get(0).text());
    assertEquals(2, read.judged().size());
    assertEquals(3, read.judged().get(0).weight(), 1e-9, "stands for the one that nobody judged");
    for (String[] wrong :
        new String[][] {
          {"s;0;0;k;a;web;0.9;2;x;maybe", "right is \"maybe\""},
          {"s;0;0;k;a;web;0,9;2;x;yes", "itm_probability is \"0,9\""},
          {"s;0;0;k;a;web;1.9;2;x;yes", "must be 0 to 1"},
          {"s;0;0;k;a;book;0.9;2;x;yes", "must be web or synthetic"},
          {"s;0;0;k;a;web;0.9;2;x", "has 9 cells"},
          {"s;0;0;k;a;web;0.9;2;x;", "none of the 1 pairs is judged"}
        }) {
      Files.writeString(table, head + wrong[0] + "\r\n");
      CliRun run = CliRun.of("capfilt", "calibrate", table.toString());
      assertEquals(2, run.status(), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
      assertTrue(run.err().contains(wrong[1]), run.err());
    }
    Files.writeString(table, "a,b\n1,2\n");
    assertTrue(CliRun.of("capfilt", "calibrate", table.toString()).err().contains("no column"));
  }
}
