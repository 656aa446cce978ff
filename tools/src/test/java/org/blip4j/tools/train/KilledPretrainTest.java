package org.blip4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.cli.KilledRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code pretrain}, killed or interrupted at any moment and started again; with the arguments of
 * {@code -Dblip.kills.arguments}, separated by spaces, too.
 */
@Tag("slow")
class KilledPretrainTest {
  /** Often enough to see a short write, and not so often that it takes a processor. */
  private static final long LOOK_NANOS = 200_000;

  @TempDir private Path folder;

  private static String[] command(TinyScenes scenes, Path out, int steps) {
    String more = System.getProperty("blip.kills.arguments", "");
    List<String> arguments = Splitter.on(' ').omitEmptyStrings().splitToList(more);
    return scenes.pretrain(out, steps, 10, arguments.toArray(String[]::new));
  }

  @Test
  void aKilledRunContinuesToTheBytesOfAnUnbrokenOne() throws IOException, InterruptedException {
    TinyScenes scenes = TinyScenes.write(folder);
    KilledRun.of(folder, out -> command(scenes, out, 30))
        .leavingOut("out/events\\.out\\..*")
        .check();
  }

  /** While a checkpoint, and while the model is written; large queues have that take a while. */
  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void anEndBySignalTakesNoLongerThanTheWriteInProgress(String signal, int status)
      throws IOException, InterruptedException {
    TinyScenes scenes = TinyScenes.write(folder);
    for (String writing : List.of("checkpoints/.writing/.step-", ".writing/.model.")) {
      for (int round = 0; round < 3; round++) {
        Path out = folder.resolve("signalled-" + writing.length() + "-" + round);
        List<String> always = new ArrayList<>(List.of(command(scenes, out, 10)));
        always.addAll(List.of("--set", "objective={\"queueSize\":50000}"));
        Process process = BlipProcess.start(Path.of(out + "-log"), always.toArray(String[]::new));
        Path begun = out.resolve(writing);
        while (process.isAlive() && !isThere(begun)) {
          LockSupport.parkNanos(LOOK_NANOS);
        }
        assertTrue(process.isAlive(), () -> "ended before it was asked to");
        BlipProcess.signal(process, signal);

        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "hangs");

        assertEquals(status, process.exitValue());
        assertFalse(Files.exists(out.resolve("checkpoints/.writing")));
        assertFalse(Files.exists(out.resolve(".writing")));
        CliRun again = CliRun.of(always.toArray(String[]::new));
        assertEquals(0, again.status(), again.err());
        assertTrue(Files.exists(out.resolve("model/config.json")));
      }
    }
  }

  /** Whether a name that begins so is there. */
  private static boolean isThere(Path begun) {
    String[] names =
        begun.getParent().toFile().list((dir, name) -> name.startsWith(begun.getFileName() + ""));
    return names != null && names.length > 0;
  }
}
