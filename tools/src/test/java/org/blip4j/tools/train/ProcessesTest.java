package org.blip4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.console.ExitCodes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code pretrain --processes 2}: the run of one process, and what becomes of it if one is lost.
 */
@Tag("slow")
final class ProcessesTest {
  private static final long LOOK_NANOS = 1_000_000;

  @TempDir private Path folder;
  private TinyScenes scenes;

  @BeforeEach
  void writeScenes() throws IOException {
    scenes = TinyScenes.write(folder);
  }

  private String[] command(String out, String... more) {
    return scenes.pretrain(folder.resolve(out), 20, 5, more);
  }

  private Process start(String out) throws IOException {
    return BlipProcess.start(folder.resolve(out + "-log"), command(out, "--processes", "2"));
  }

  private String errors(String out) throws IOException {
    return Files.readString(folder.resolve(out + "-log.err"));
  }

  private List<String> metrics(String out) throws IOException {
    return Files.readAllLines(folder.resolve(out).resolve("metrics.jsonl"));
  }

  private void finish(String out, Process process) throws IOException, InterruptedException {
    assertTrue(process.waitFor(600, TimeUnit.SECONDS), "hangs");
    assertEquals(0, process.exitValue(), errors(out));
  }

  @Test
  void twoProcessesTrainAsOneAndGoOnAfterOneWasKilled() throws Exception {
    CliRun one = CliRun.of(command("one"));
    assertEquals(0, one.status(), one.err());
    finish("two", start("two"));
    assertAlike(metrics("one"), metrics("two"));
    assertTrue(Files.readString(folder.resolve("two-log.out")).strip().endsWith("two/model"));
    Random random = new Random();
    for (int round = 0; round < 2; round++) {
      String out = "killed" + round;
      long steps = 5L * (1 + random.nextInt(3));
      ProcessHandle lost = kill(out, start(out), round, steps);
      String errors = errors(out);
      assertTrue(
          errors.contains(
              "task %d (process %d) was lost (killed by signal 9)".formatted(round, lost.pid())),
          errors);
      finish(out, start(out));
      assertEquals(metrics("two"), metrics(out), "killed after step " + steps);
    }
  }

  /** Kills a task once some steps are stored; all must be gone soon. */
  private ProcessHandle kill(String out, Process process, int task, long steps)
      throws IOException, InterruptedException {
    Path stored = folder.resolve(out).resolve("checkpoints/step-" + steps + ".json");
    while (process.isAlive() && !Files.exists(stored)) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    List<ProcessHandle> tasks = process.children().toList();
    assertEquals(2, tasks.size(), errors(out));
    ProcessHandle lost =
        tasks.stream()
            .filter(one -> one.info().commandLine().orElse("").endsWith("--task " + task))
            .findFirst()
            .orElseThrow();
    assertTrue(lost.destroyForcibly());
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "hangs");
    assertEquals(ExitCodes.PEER_LOST, process.exitValue(), errors(out));
    for (ProcessHandle each : tasks) {
      assertTrue(!each.isAlive(), "left behind");
    }
    return lost;
  }

  /** Asked to end, the starter has all end together; asked alone, a task has. */
  @Test
  void anInterruptStopsAllAfterOneStep() throws Exception {
    for (boolean starter : new boolean[] {true, false}) {
      String out = "stopped-" + starter;
      Process process = start(out);
      Path stored = folder.resolve(out).resolve("checkpoints/step-5.json");
      while (process.isAlive() && !Files.exists(stored)) {
        LockSupport.parkNanos(LOOK_NANOS);
      }
      List<ProcessHandle> tasks = process.children().toList();
      if (starter) {
        BlipProcess.signal(process, "TERM");
      } else {
        assertTrue(tasks.get(1).destroy());
      }
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "hangs");
      assertEquals(starter ? 143 : 130, process.exitValue(), errors(out));
      assertTrue(errors(out).contains("stopped at step "), errors(out));
      finish(out, start(out));
    }
    assertEquals(metrics("stopped-true"), metrics("stopped-false"));
  }

  @Test
  void anErrorOfAllIsToldOnce() throws Exception {
    CliRun run = CliRun.of(command("run"));
    assertEquals(0, run.status(), run.err());
    String[] other = command("run", "--processes", "2", "--set", "optimizer.weightDecay=0.3");
    Process process = BlipProcess.start(folder.resolve("run-log"), other);
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "hangs");
    assertEquals(ExitCodes.USAGE, process.exitValue(), errors("run"));
    List<String> told = errors("run").lines().filter(line -> line.startsWith("blip: ")).toList();
    assertEquals(1, told.size(), errors("run"));
    assertTrue(told.get(0).contains("weightDecay"), told.get(0));
  }

  private static void assertAlike(List<String> expected, List<String> found) throws IOException {
    assertEquals(expected.size(), found.size());
    ObjectMapper mapper = new ObjectMapper();
    for (int i = 0; i < expected.size(); i++) {
      JsonNode line = mapper.readTree(found.get(i));
      for (var value : mapper.readTree(expected.get(i)).properties()) {
        double wanted = value.getValue().asDouble();
        assertEquals(
            wanted,
            line.get(value.getKey()).asDouble(),
            1e-3 * Math.max(0.1, Math.abs(wanted)),
            value.getKey() + " of line " + i);
      }
    }
  }
}
