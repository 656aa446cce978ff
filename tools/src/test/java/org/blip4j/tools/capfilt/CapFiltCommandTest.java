package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapFiltCommandTest {
  @TempDir private Path folder;
  private String data;
  private String out;

  @BeforeEach
  void write() throws IOException {
    CapFiltData.write(folder.resolve("in"), 2, 5);
    data = folder.resolve("in").toString();
    out = folder.resolve("out").toString();
  }

  private void refuses(String message, String... args) {
    CliRun run = CliRun.of(args);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(message), run.err());
    assertFalse(Files.exists(Path.of(out)), "nothing must be written");
  }

  @Test
  void saysWhatIsMissingOrCannotBe() {
    refuses("--data GLOB", "capfilt", "--out", out);
    refuses("--captioner MODEL", "capfilt", "--data", data, "--out", out);
    refuses("--filter MODEL", "capfilt", "--data", data, "--out", out, "--texts", "web");
    refuses("shards 0 to 1", "capfilt", "--data", data, "--out", out, "--shards", "0-2");
    refuses("keep-top 2", "capfilt", "--data", data, "--out", out, "--keep-top", "2");
    refuses("no probability", "capfilt", "--data", data, "--out", out, "--threshold", "1.2");
    refuses("rethreshold", "capfilt", "rethresold", "--from", data);
    refuses(
        "not an output folder",
        "capfilt",
        "rethreshold",
        "--from",
        data,
        "--out",
        out,
        "--threshold",
        "0.5");
  }

  @Test
  void whatIsRefusedLeavesAnOlderResultAlone() throws IOException {
    String[] run = {"capfilt", "--data", data, "--out", out, "--texts", "web", "--no-filter"};
    assertEquals(0, CliRun.of(run).status());
    for (String[] wrong :
        new String[][] {{"--device", "gpu:0,1"}, {"--precision", "float16"}, {"--shards", "0-9"}}) {
      List<String> again = new ArrayList<>(List.of(run));
      again.add("--overwrite");
      again.addAll(List.of(wrong));
      assertEquals(2, CliRun.of(again.toArray(String[]::new)).status(), wrong[0]);
      assertTrue(new CapFiltFolder(Path.of(out)).isFinished(), wrong[0]);
    }
  }

  @Test
  void webTextsWithoutFilterNeedNoModel() throws IOException {
    CliRun run =
        CliRun.of(
            "capfilt", "--data", data, "--out", out, "--texts", "web", "--no-filter", "--json");
    assertEquals(0, run.status(), run.err());
    assertEquals(1, run.lines().size());
    assertTrue(run.out().contains("\"read\":10"), run.out());
    assertTrue(run.out().contains("\"kept\":{\"web\":10,\"synthetic\":0}"), run.out());
    assertEquals(
        5, CapFiltData.read(new CapFiltFolder(Path.of(out)).shard("web-00000-of-00002")).size());
  }

  @Test
  void newThresholdOnTheCommandLine() throws IOException {
    Path from = folder.resolve("from");
    CapFiltPlan plan = KillableWorker.plan(Path.of(data));
    CapFiltData.run(from, plan, FakeModels.quick(), 1);
    CliRun run =
        CliRun.of(
            "capfilt",
            "rethreshold",
            "--from",
            from.toString(),
            "--threshold",
            "0",
            "--out",
            out,
            "--json");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("\"kept\":{\"web\":10,\"synthetic\":10}"), run.out());
  }

  @Test
  void aModelOfAnotherTaskIsRefusedAndTheCorrectedCommandWorks() throws IOException {
    String captioner = model("captioner", Task.CAPTION);
    String filter = model("filter", Task.RETRIEVAL);
    refuses("gives no captions", command(filter, filter));
    assertEquals(0, CliRun.of(command(captioner, filter)).status());
    CapFiltFolder folder = new CapFiltFolder(Path.of(out));
    assertTrue(folder.isFinished());
    List<String> again = new ArrayList<>(List.of(command(filter, filter)));
    again.add("--overwrite");
    assertEquals(2, CliRun.of(again.toArray(String[]::new)).status());
    assertTrue(folder.isFinished(), "a refused --overwrite changes nothing");
    CliRun other = CliRun.of(command(captioner, filter, "--threshold", "0.6", "--seed", "2"));
    assertEquals(2, other.status());
    assertTrue(other.err().contains("policy.threshold is 0.5 there, 0.6 here; seed is 1 there"));
  }

  private String model(String name, Task task) throws IOException {
    return TinyModel.write(folder.resolve(name), task).path().toString();
  }

  private String[] command(String captioner, String filter, String... more) {
    List<String> all = new ArrayList<>(List.of("capfilt", "--data", data, "--out", out));
    all.addAll(List.of("--captioner", captioner, "--filter", filter));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
