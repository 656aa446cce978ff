package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledProcessTest {
  private static final int KILLS = 3;
  private static final int MAX_MILLIS_OF_WORK = 500;
  private static final int PROCESSES = 4;
  private static final int ROUNDS = Integer.getInteger("blip.rounds", 8);

  @TempDir private Path folder;
  private Path in;
  private Path whole;

  @BeforeEach
  void write() throws IOException {
    in = folder.resolve("in");
    CapFiltData.write(in, 3, 80);
    whole = folder.resolve("whole");
    CapFiltData.run(whole, KillableWorker.plan(in), FakeModels.quick(), 1);
  }

  @Test
  void killedRunsContinueToTheSameBytes() throws Exception {
    Random random = new Random(1);
    Path out = folder.resolve("out");
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = KillableWorker.start(in, out);
      awaitBegin(process, out);
      boolean ended = process.waitFor(random.nextInt(MAX_MILLIS_OF_WORK), TimeUnit.MILLISECONDS);
      assertFalse(ended, "the worker must still be working when it is killed");
      assertFalse(Files.exists(new CapFiltFolder(out).success()));
      process.destroyForcibly().waitFor();
    }
    CapFiltData.run(out, KillableWorker.plan(in), FakeModels.quick(), 1);
    assertEquals(CapFiltData.content(whole), CapFiltData.content(out));
  }

  /**
   * Four processes on one folder, of which some, or all, are killed at a moment of their own; those
   * that are left, or one that is started then, end the work. {@code -Dblip.rounds=100} for more.
   */
  @Tag("slow")
  @Test
  void ofFourProcessesAnyMayBeKilled() throws Exception {
    Random random = new Random(4);
    int killed = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Path out = folder.resolve("round-" + round);
      List<Process> all = new ArrayList<>();
      for (int i = 0; i < PROCESSES; i++) {
        all.add(KillableWorker.start(in, out));
      }
      awaitBegin(all.get(0), out);
      int victims = 1 + round % PROCESSES;
      for (Process victim : all.subList(0, victims)) {
        boolean ended = victim.waitFor(random.nextInt(MAX_MILLIS_OF_WORK), TimeUnit.MILLISECONDS);
        killed += ended ? 0 : 1;
        victim.destroyForcibly().waitFor();
      }
      if (victims == PROCESSES) {
        all.add(KillableWorker.start(in, out));
      }
      for (Process survivor : all.subList(victims, all.size())) {
        assertTrue(survivor.waitFor(300, TimeUnit.SECONDS), "round " + round + " hangs");
        assertEquals(0, survivor.exitValue(), Files.readString(Path.of(out + ".log")));
      }
      assertEquals(CapFiltData.content(whole), CapFiltData.content(out), "round " + round);
      assertEquals(Set.of(), new CapFiltFolder(out).list().claimed(), "round " + round);
      MoreFiles.deleteRecursively(out, RecursiveDeleteOption.ALLOW_INSECURE);
    }
    assertTrue(killed > ROUNDS, killed + " processes killed in " + ROUNDS + " rounds");
  }

  private static void awaitBegin(Process process, Path out) throws Exception {
    while (!Files.exists(new CapFiltFolder(out).plan())) {
      assertTrue(process.isAlive(), "the worker ended early");
      Thread.sleep(10);
    }
  }
}
