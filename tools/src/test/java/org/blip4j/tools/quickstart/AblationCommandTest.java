package org.blip4j.tools.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.tools.bootstrap.Ablation;
import org.blip4j.tools.bootstrap.AblationReport;
import org.blip4j.tools.bootstrap.AblationRow;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AblationCommandTest {
  @TempDir private Path folder;

  private CliRun run(String... more) {
    List<String> args =
        ImmutableList.<String>builder()
            .add("bootstrap", "ablation", "--out", folder.resolve("out").toString())
            .add(more)
            .build();
    return CliRun.of(args.toArray(String[]::new));
  }

  @Test
  void mistakesAreOneLineAndWriteNothing() {
    assertRefused("there is no row \"beams\"; use some of none, filter", "--rows", "beams");
    assertRefused("--seeds 0 trains nothing", "--seeds", "0");
    assertRefused("--test", "--config", "some.json");
    assertRefused("--candidates 0", "--config", "a.json", "--test", "held/*", "--candidates", "0");
    assertFalse(Files.exists(folder.resolve("out")));
  }

  private void assertRefused(String message, String... more) {
    CliRun refused = run(more);
    assertEquals(2, refused.status(), refused.err());
    assertEquals(1, refused.err().lines().count(), refused.err());
    assertTrue(refused.err().contains(message), refused.err());
  }

  @Test
  void theTableHasMeanAndSpreadAndThePageShowsAllSeeds() throws IOException {
    Ablation.Figure none = new Ablation.Figure(0.5, 0.1, ImmutableList.of(0.4, 0.6));
    Ablation.Figure most = new Ablation.Figure(1.25, 0.05, ImmutableList.of(1.2, 1.3));
    Ablation.Figure kept = new Ablation.Figure(4000, 20, ImmutableList.of(3980., 4020.));
    AblationReport report =
        AblationReport.of(
            List.of(1L, 2L),
            "Drawn <pictures>.",
            ImmutableMap.of(
                AblationRow.NONE,
                ImmutableMap.of("cider", none),
                AblationRow.NUCLEUS,
                ImmutableMap.of("cider", most, "kept_web", kept)));
    assertEquals(
        """
                                               cider   kept_web
        no bootstrapping               0.500 ± 0.100          –
        captioner and filter, nucleus  1.250 ± 0.050  4000 ± 20\
        """,
        report.table());
    assertEquals(List.of("cider"), report.drawn());
    String page = Files.readString(report.write(folder));
    assertTrue(page.contains("Drawn &lt;pictures&gt;."), "escaped");
    assertTrue(page.contains("1.250 ± 0.050"));
    JsonNode results =
        new ObjectMapper().readTree(Files.readAllBytes(folder.resolve("results.json")));
    assertEquals(1.3, results.at("/rows/1/figures/cider/seeds/1").asDouble());
  }

  @Test
  @Tag("slow")
  void allRowsRunOnceAndAnotherSeedIsAdded() throws IOException {
    CliRun first = run("--smoke", "--json", "--seeds", "1", "--rows", "none,shared,continued");
    assertEquals(0, first.status(), first.err());
    JsonNode table = new ObjectMapper().readTree(first.lines().get(first.lines().size() - 1));
    assertEquals(3, table.get("rows").size());
    assertTrue(table.at("/rows/1/figures/kept_web/mean").isNumber(), first.out());
    CliRun more = run("--smoke", "--json", "--seeds", "2", "--rows", "none");
    assertEquals(0, more.status(), more.err());
    JsonNode none = new ObjectMapper().readTree(more.lines().get(more.lines().size() - 1));
    assertEquals(table.at("/rows/0/figures/cider/mean"), none.at("/rows/0/figures/cider/seeds/0"));
    assertTrue(more.lines().get(1).contains("\"skipped\":true"), more.out());
  }
}
