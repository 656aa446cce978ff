package org.blip4j.training.run;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run says that it will need, and what it takes. */
final class StepMemoryTest {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern SAID = Pattern.compile("memory: about ([0-9.]+) GB");
  private static final Pattern TAKEN = Pattern.compile("VmHWM:\\s+(\\d+) kB");

  @TempDir private Path folder;

  @Test
  void theBatchThatFitsIsNamed() {
    StepMemory large = memory(4_000_000_000L, 300_000_000L, 64, 1, 1024);
    assertEquals(68_000_000_000L, large.bytes());
    assertEquals(
        "warning: memory: about 68.0 GB (4.0 GB for variables and gradients, 1.0 GB for each of 64"
            + " pairs), but the machine has 20.0 GB; a batch of 8 fits: duration.batch=8; or"
            + " this one in 8 parts: duration.accumulate=8",
        large.text());
    StepMemory parts = memory(4_000_000_000L, 300_000_000L, 64, 8, 1024);
    assertEquals(
        "memory: about 12.0 GB (4.0 GB for variables and gradients, 1.0 GB for each of 8 pairs at a"
            + " time) of 20.0 GB",
        parts.text());
    StepMemory hopeless = memory(30_000_000_000L, 1_000_000L, 4, 1, 0);
    assertTrue(hopeless.text().endsWith("train a smaller model, or on a larger machine"));
    StepMemory again = memory(4_000_000_000L, 200_000_000L, 64, 1, 1024);
    assertTrue(
        again.text().contains("the machine has 20.0 GB; recomputing needs 16.8 GB; a batch of 8"),
        again.text());
  }

  private static StepMemory memory(
      long fixed, long recomputing, int batch, int accumulate, long queue) {
    return new StepMemory(
        fixed, 1_000_000_000L, recomputing, batch, accumulate, queue, 20_000_000_000L);
  }

  @Test
  @Tag("slow") // a process of its own
  void aSmallModelTakesWhatIsSaid() throws IOException, InterruptedException {
    double whole = taken("whole", 1, false);
    double parts = taken("parts", 8, false);
    double again = taken("again", 1, true);
    assertTrue(parts < 0.8 * whole, parts + " in parts, " + whole + " at once");
    assertTrue(again < 0.9 * whole, again + " recomputing, " + whole + " at once");
  }

  /** What a run took, by the system's word; its own word is compared. */
  private double taken(String name, int accumulate, boolean recompute)
      throws IOException, InterruptedException {
    assumeTrue(Files.exists(STATUS), "the system tells no process its memory");
    Process run =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                StepMemoryTest.class.getName(),
                Files.createDirectory(folder.resolve(name)).toString(),
                Integer.toString(accumulate),
                Boolean.toString(recompute))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String out = new String(run.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, run.waitFor(), out);
    double said = 1e9 * number(SAID, out);
    double taken = 1024 * number(TAKEN, out);
    assertTrue(Math.abs(said - taken) <= 0.25 * taken, said + " said, " + taken + " taken");
    return taken;
  }

  private static double number(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    assertTrue(matcher.find(), text);
    return Double.parseDouble(matcher.group(1));
  }

  /** A run of three steps with a checkpoint: the folder, parts of a batch, whether to recompute. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    TinyRun tiny = new TinyRun(folder);
    RunConfig config = tiny.fromScratch(Task.PRETRAIN);
    config =
        TinyRun.changed(
            config,
            "architecture.vision",
            """
            {"imageSize": 128, "patchSize": 8, "width": 256, "layers": 4, "heads": 4,
             "mlpRatio": 4, "layerNormEpsilon": 1e-6, "dropPath": 0}
            """);
    config = TinyRun.changed(config, "objective.queueSize", "4096");
    config =
        TinyRun.changed(
            config,
            "duration",
            "{\"batch\": 16, \"steps\": 3, \"accumulate\": %s, \"recompute\": %s}"
                .formatted(arguments[1], arguments[2]));
    Trainer.of(config, tiny.inputs())
        .run(
            folder.resolve("run"),
            new TrainingListener() {
              @Override
              public void started(Start start) {
                System.out.println(start.memory());
              }

              @Override
              public void logged(StepReport report) {}
            });
    System.out.println(Files.readString(STATUS));
  }
}
