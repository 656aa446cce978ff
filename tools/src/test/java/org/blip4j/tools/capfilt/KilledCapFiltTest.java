package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.cli.KilledRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code capfilt}, killed or interrupted at one moment after another, and started again. */
@Tag("slow")
final class KilledCapFiltTest {
  @TempDir private Path folder;
  private String inputs;

  @BeforeEach
  void write() throws IOException {
    CapFiltData.write(folder.resolve("in"), 6, 12);
    inputs =
        "--data %s --captioner %s --filter %s"
            .formatted(
                folder.resolve("in"),
                TinyModel.write(folder.resolve("captioner"), Task.CAPTION).path(),
                TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL).path());
  }

  private String[] command(Path out) {
    return "capfilt %s --out %s --batch-size 4".formatted(inputs, out).split(" ");
  }

  /**
   * Marks say how long a shard took, and so do the totals. Rules over the whole set write every
   * shard a second time, and half of the moments are told by the files that came and went.
   */
  @ParameterizedTest
  @CsvSource({
    "1, ''",
    "3, ''",
    "1, ' --unique-pictures --unique-texts near --most-equal 1'",
    "2, ' --unique-pictures --unique-texts near --most-equal 1'"
  })
  void killedItContinuesToTheBytesOfAnUnbrokenRun(int processes, String rules)
      throws IOException, InterruptedException {
    KilledRun.of(folder, out -> (String.join(" ", command(out)) + rules).split(" "))
        .withProcesses(processes)
        .leavingOut("out/\\.capfilt/.*\\.done")
        .varyingIn("\"(images_per_second|seconds)\" : .*")
        .check();
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void interruptedItSaysHowFarItCameAndContinues(String signal, int status)
      throws IOException, InterruptedException {
    Path whole = folder.resolve("whole");
    assertEquals(0, CliRun.of(command(whole)).status());
    for (int shards = 0; shards < 3; shards++) {
      CapFiltFolder out = new CapFiltFolder(folder.resolve("out-" + shards));
      Path log = folder.resolve("log-" + shards);
      Process process = BlipProcess.start(log, command(out.path()));
      while (process.isAlive()
          && (out.list().claimed().isEmpty() || out.list().done().size() < shards)) {
        Thread.sleep(1);
      }
      BlipProcess.signal(process, signal);

      assertTrue(process.waitFor(20, TimeUnit.SECONDS), "hangs");

      assertEquals(status, process.exitValue());
      String last = Files.readString(Path.of(log + ".err")).lines().reduce("", (a, b) -> b);
      assertTrue(last.matches(".*interrupted: [0-5] of 6 shards are done; give the .*"), last);
      assertFalse(out.isFinished());
      assertFalse(Files.exists(out.path().resolve(".writing")));
      CliRun again = CliRun.of(command(out.path()));
      assertEquals(0, again.status(), again.err());
      assertEquals(CapFiltData.content(whole), CapFiltData.content(out.path()));
    }
  }
}
