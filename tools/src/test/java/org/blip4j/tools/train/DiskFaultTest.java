package org.blip4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code pretrain} on a disk that is full, or that becomes read-only, while a checkpoint is due.
 */
@Tag("slow")
class DiskFaultTest {
  private static final List<String> OWN_MOUNTS =
      List.of("unshare", "--map-root-user", "--mount", "sh", "-c");

  /** $1: the run's disk; $2: where to keep what came of it; $3: bytes; then the command. */
  private static final String FULL =
      """
      disk=$1 kept=$2 size=$3; shift 3
      mount -t tmpfs -o size=$size tmpfs "$disk" || exit 77
      "$@" 2> "$kept/first.err"; echo $? > "$kept/first.status"
      cp -r "$disk/run" "$kept/first"
      mount -o remount,size=1g "$disk"
      "$@" 2> "$kept/second.err"; echo $? > "$kept/second.status"
      cp -r "$disk/run" "$kept/second"
      """;

  /** The same with a folder of checkpoints that cannot be written to once there is one. */
  private static final String READ_ONLY =
      """
      disk=$1 kept=$2; shift 3
      "$@" 2> "$kept/first.err" & process=$!
      until [ -e "$disk/run/checkpoints/step-5.index" ]; do sleep 0.01; done
      mount --bind "$disk/run/checkpoints" "$disk/run/checkpoints" || exit 77
      mount -o remount,bind,ro "$disk/run/checkpoints" || exit 77
      wait $process; echo $? > "$kept/first.status"
      umount "$disk/run/checkpoints"
      cp -r "$disk/run" "$kept/first"
      "$@" 2> "$kept/second.err"; echo $? > "$kept/second.status"
      cp -r "$disk/run" "$kept/second"
      """;

  @TempDir private Path folder;
  private TinyScenes scenes;
  private Path whole;

  @BeforeEach
  void runUnbroken() throws IOException {
    scenes = TinyScenes.write(folder);
    whole = folder.resolve("whole");
    CliRun run = CliRun.of(command(whole));
    assertEquals(0, run.status(), run.err());
  }

  /** Large queues make checkpoints of megabytes, beside which all else is small. */
  private String[] command(Path out) {
    return scenes.pretrain(out, 25, 10, "--set", "objective={\"queueSize\":50000}");
  }

  /** Room for two checkpoints and a half, where a third is written before the first is removed. */
  @Test
  void aFullDiskKeepsTheCheckpointsBeforeAndTheRunGoesOnOnceThereIsRoom()
      throws IOException, InterruptedException {
    long checkpoint = Files.size(whole.resolve("checkpoints/step-25.data-00000-of-00001"));
    String error = brokenAndContinued(FULL, checkpoint * 5 / 2);
    assertTrue(
        error.matches(
            ".*/run/checkpoints/step-15: no space left on the disk; free some, or write elsewhere,"
                + " and run it again"),
        error);
    assertEquals(List.of("step-10", "step-5"), checkpoints());
  }

  @Test
  void aDiskThatBecomesReadOnlyKeepsTheCheckpointsBefore()
      throws IOException, InterruptedException {
    String error = brokenAndContinued(READ_ONLY, 0);
    assertTrue(
        error.matches(
            ".*/run/checkpoints/step-\\d+: the checkpoint cannot be written: .*Read-only file"
                + " system.*"),
        error);
    assertTrue(checkpoints().contains("step-5"), () -> checkpoints().toString());
  }

  /** Returns what the broken run said at last; the run after it must end as an unbroken one. */
  private String brokenAndContinued(String script, long bytes)
      throws IOException, InterruptedException {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Path kept = Files.createDirectory(folder.resolve("kept"));
    List<String> process = new ArrayList<>(OWN_MOUNTS);
    process.addAll(List.of(script, "sh", disk.toString(), kept.toString(), "" + bytes));
    process.addAll(BlipProcess.command(command(disk.resolve("run"))));
    assumeTrue(new ProcessBuilder(process).inheritIO().start().waitFor() != 77, "no mounts here");

    List<String> said = Files.readAllLines(kept.resolve("first.err"));
    assertEquals("2\n", Files.readString(kept.resolve("first.status")), said.toString());
    assertTrue(said.stream().noneMatch(line -> line.startsWith("\tat ")), said.toString());
    assertEquals(
        "0\n",
        Files.readString(kept.resolve("second.status")),
        Files.readString(kept.resolve("second.err")));
    for (String file : List.of("metrics.jsonl", "model/variables.data-00000-of-00001")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)),
          Files.readAllBytes(kept.resolve("second").resolve(file)),
          file);
    }
    return said.get(said.size() - 1);
  }

  /** Those of the broken run, each with its index and its state; nothing else lies there. */
  private List<String> checkpoints() {
    Path left = folder.resolve("kept/first/checkpoints");
    try (Stream<Path> files = Files.list(left)) {
      List<String> names = files.map(file -> file.getFileName().toString()).sorted().toList();
      List<String> steps =
          names.stream().map(name -> name.replaceAll("\\..*", "")).distinct().toList();
      assertEquals(3 * steps.size(), names.size(), names.toString());
      return steps;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
