package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledProcessTest {
  private static final int KILLS = 3;
  private static final int MAX_MILLIS_OF_WORK = 500;

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

  private static void awaitBegin(Process process, Path out) throws Exception {
    while (!Files.exists(new CapFiltFolder(out).plan())) {
      assertTrue(process.isAlive(), "the worker ended early");
      Thread.sleep(10);
    }
  }
}
