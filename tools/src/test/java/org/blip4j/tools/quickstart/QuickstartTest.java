package org.blip4j.tools.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class QuickstartTest {
  private static final List<String> STAGES =
      List.of(
          "data",
          "pretrain-first",
          "captioner-1",
          "filter-1",
          "capfilt-1",
          "pretrain-1",
          "evaluate-first",
          "evaluate-second",
          "export");

  @TempDir private Path folder;

  private CliRun run(String work, String... more) {
    String path = folder.resolve(work).toString();
    List<String> args = new ArrayList<>(List.of("quickstart", "--smoke", "--json"));
    args.addAll(List.of("--work", path));
    args.addAll(List.of(more));
    return CliRun.of(args.toArray(String[]::new));
  }

  private static String withoutTimes(String line) {
    return line.replaceAll("\"(seconds|images_per_second)\":[0-9.E-]+", "");
  }

  @Test
  void runsAllStagesOnceAndTheSameAgain() throws IOException {
    CliRun first = run("one");
    assertEquals(0, first.status(), first.err());
    assertEquals(STAGES.size() + 1, first.lines().size(), first.out());
    for (int i = 0; i < STAGES.size(); i++) {
      assertTrue(first.lines().get(i).contains("\"stage\":\"" + STAGES.get(i) + "\""));
    }
    String summary = first.lines().get(STAGES.size());
    assertTrue(summary.startsWith("{\"stage\":\"summary\",\"seed\":1,"), summary);
    assertTrue(Files.readString(folder.resolve("one/report.html")).contains("uPlot"));
    assertTrue(Files.exists(folder.resolve("one/served/1/saved_model.pb")));

    CliRun again = run("one");
    assertEquals(summary, again.lines().get(STAGES.size()));
    assertTrue(
        again.lines().stream().limit(STAGES.size()).allMatch(l -> l.contains("skipped\":true")));

    CliRun elsewhere = run("two");
    assertEquals(withoutTimes(summary), withoutTimes(elsewhere.lines().get(STAGES.size())));

    CliRun otherSeed = run("one", "--seed", "2");
    assertEquals(2, otherSeed.status());
    assertTrue(otherSeed.err().contains("choose another --work"), otherSeed.err());
  }
}
