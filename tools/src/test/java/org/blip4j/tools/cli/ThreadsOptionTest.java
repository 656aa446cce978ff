package org.blip4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code --threads}, seen from outside: TensorFlow takes the sizes of its pools from the first
 * session of a process, so each run is a process of its own.
 */
@Tag("slow")
@EnabledOnOs(OS.LINUX) // counts the threads in /proc
class ThreadsOptionTest {
  private static final int MORE = 8;

  @TempDir private static Path work;
  private static OptionInputs inputs;
  private static OptionTable table;

  @BeforeAll
  static void prepare() throws IOException {
    table = OptionTable.read();
    inputs = OptionInputs.write(Files.createDirectory(work.resolve("in")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bench",
        "bootstrap",
        "capfilt",
        "caption",
        "embed images",
        "embed texts",
        "export",
        "finetune caption",
        "finetune retrieval",
        "match",
        "nlvr",
        "pretrain",
        "vqa"
      })
  void aRunHasSoManyThreadsMore(String command) throws IOException, InterruptedException {
    int few = most(command, 1);
    int many = most(command, 1 + MORE);
    assertTrue(many >= few + MORE, few + " threads with --threads 1, " + many + " with 9");
  }

  /** The largest number of threads that the process has at once. */
  private static int most(String command, int threads) throws IOException, InterruptedException {
    Path run = Files.createDirectory(work.resolve(command.replace(' ', '-') + threads));
    List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
    for (String argument : table.commands().get(command).get(0).without()) {
      words.add(inputs.fill(argument, run));
    }
    words.addAll(List.of("--threads", String.valueOf(threads)));
    Process process = BlipProcess.start(run.resolve("log"), words.toArray(String[]::new));
    int most = 0;
    while (process.isAlive()) {
      String[] tasks = Path.of("/proc", String.valueOf(process.pid()), "task").toFile().list();
      most = Math.max(most, tasks == null ? 0 : tasks.length);
      Thread.sleep(5);
    }
    assertEquals(0, process.waitFor(), Files.readString(run.resolve("log.err")));
    return most;
  }
}
