package org.blip4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code pretrain}, killed or interrupted at any moment and started again. */
@Tag("slow")
class KilledPretrainTest {
  private static final int KILLS = 4;
  private static final String DURATION = "duration={\"batch\":4,\"epochs\":0,\"steps\":400}";
  private static final String KEEPING =
      "keeping={\"logEvery\":10,\"checkpointEvery\":5,\"checkpoints\":2}";

  @TempDir private Path folder;

  private static String[] command(TinyScenes scenes, Path out) {
    return new String[] {
      "pretrain",
      "--config",
      scenes.config().toString(),
      "--data",
      scenes.data(),
      "--out",
      out.toString(),
      "--set",
      DURATION,
      "--set",
      KEEPING
    };
  }

  @Test
  void aKilledRunContinuesToTheBytesOfAnUnbrokenOne() throws IOException, InterruptedException {
    TinyScenes scenes = TinyScenes.write(folder);
    Path whole = folder.resolve("whole");
    CliRun unbroken = CliRun.of(command(scenes, whole));
    assertEquals(0, unbroken.status(), unbroken.err());
    Path broken = folder.resolve("broken");
    Random random = new Random(7);
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = BlipProcess.start(folder.resolve("log"), command(scenes, broken));
      Path store = broken.resolve("checkpoints");
      long before = newest(store);
      while (newest(store) == before && process.isAlive()) {
        Thread.sleep(5);
      }
      boolean ended = process.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS);
      assertTrue(!ended, () -> "ended before it was killed");
      if (kill == KILLS - 1) {
        BlipProcess.interrupt(process);
        assertEquals(130, process.waitFor());
      } else {
        process.destroyForcibly().waitFor();
      }
    }

    CliRun continued = CliRun.of(command(scenes, broken));

    assertEquals(0, continued.status(), continued.err());
    for (String file : new String[] {"metrics.jsonl", "model/variables.data-00000-of-00001"}) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(broken.resolve(file)), file);
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void anEndBySignalTakesNoLongerThanTheWriteInProgress(String signal, int status)
      throws IOException, InterruptedException {
    TinyScenes scenes = TinyScenes.write(folder);
    Random random = new Random(status);
    for (int round = 0; round < 3; round++) {
      Path out = folder.resolve("signalled-" + round);
      String[] always = command(scenes, out);
      always[always.length - 1] = KEEPING.replace("\"checkpointEvery\":5", "\"checkpointEvery\":1");
      Process process = BlipProcess.start(folder.resolve("log-" + round), always);
      while (newest(out.resolve("checkpoints")) < 0 && process.isAlive()) {
        Thread.sleep(5);
      }
      boolean ended = process.waitFor(random.nextInt(800), TimeUnit.MILLISECONDS);
      assertTrue(!ended, () -> "ended before it was asked to");
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();

      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "hangs");

      assertEquals(status, process.exitValue());
      assertFalse(Files.exists(out.resolve("checkpoints/.writing")));
    }
  }

  /** The step of the newest checkpoint, or -1. */
  private static long newest(Path store) {
    String[] names = store.toFile().list((dir, name) -> name.matches("step-\\d+\\.json"));
    long newest = -1;
    for (String name : names == null ? new String[0] : names) {
      newest = Math.max(newest, Long.parseLong(name.replaceAll("\\D", "")));
    }
    return newest;
  }
}
