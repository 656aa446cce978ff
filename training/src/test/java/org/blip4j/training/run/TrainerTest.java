package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.PositionInterpolation;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.optimize.LearningRateSchedule;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.DataType;

/** Whole runs of a few steps: results, stopping and going on, what is refused. */
final class TrainerTest {
  @TempDir private static Path shared;
  private static TinyRun tiny;
  private static Path whole;

  @TempDir private Path folder;

  @BeforeAll
  static void runUnbroken() throws IOException {
    tiny = new TinyRun(shared);
    whole = shared.resolve("whole");
    Trainer.Outcome outcome =
        Trainer.of(tiny.config(Task.PRETRAIN), tiny.inputs()).run(whole, report -> {});
    assertTrue(outcome.finished());
  }

  @Test
  void aStoppedRunEndsAsAnUnbrokenOneWhateverIsLeftLyingAround() throws IOException {
    RunConfig config = tiny.config(Task.PRETRAIN);
    Path broken = folder.resolve("broken");
    Path checkpoints = broken.resolve("checkpoints");
    List<Long> logged = new ArrayList<>();
    int[] asked = {0};
    Trainer.of(config, tiny.inputs())
        .stoppingWhen(() -> asked[0]++ >= 6)
        .run(broken, (StepReport report) -> logged.add(report.step()));
    leaveHalfWrittenFiles(broken);

    Trainer.of(config, tiny.inputs()).run(broken, (StepReport report) -> logged.add(report.step()));

    assertArrayEquals(
        TinyRun.file(whole.resolve("metrics.jsonl")),
        TinyRun.file(broken.resolve("metrics.jsonl")));
    assertSameTensors(whole.resolve("checkpoints/step-12"), checkpoints.resolve("step-12"));
    assertSameTensors(whole.resolve("model/variables"), broken.resolve("model/variables"));
    assertEquals(List.of(2L, 4L, 6L, 8L, 10L, 12L), logged);
    assertEquals(List.of(10L, 12L), new CheckpointStore(checkpoints, 2).steps());
    assertFalse(Files.exists(checkpoints.resolve("step-11.json")));
    assertFalse(Files.exists(checkpoints.resolve(".writing")));
  }

  private static void leaveHalfWrittenFiles(Path run) throws IOException {
    Path checkpoints = run.resolve("checkpoints");
    Files.write(checkpoints.resolve("step-11.data-00000-of-00001"), new byte[100]);
    Files.writeString(checkpoints.resolve("step-11.json"), "{\"step\":");
    Path writing = Files.createDirectories(checkpoints.resolve(".writing"));
    Files.write(
        Files.createDirectory(writing.resolve("dead")).resolve("step-11.index"), new byte[3]);
    Files.writeString(writing.resolve("dead.lock"), "step-11");
    Files.writeString(
        run.resolve("metrics.jsonl"),
        Files.readString(run.resolve("metrics.jsonl")) + "{\"step\":8,\"epoch\":1}\n{\"st");
  }

  @Test
  void fineTuningACaptionerStartsFromPreTrainedWeights() throws IOException {
    List<StepReport> reports = fineTuned(Task.CAPTION, 36);

    assertEquals(12, reports.get(0).step());
    assertTrue(
        reports.get(2).means().get("loss") < reports.get(0).means().get("loss"),
        "learns: " + reports);
  }

  /**
   * As a model of 224 pixels is fine-tuned at 384: here 16 and 32, at a rate of next to nothing.
   */
  @Test
  void fineTuningAtAnotherImageSizeStartsFromInterpolatedPositions() throws IOException {
    RunConfig config = tiny.config(Task.CAPTION);
    ImageInput larger =
        new ImageInput(Optional.of(32), Optional.of(0.5), true, 2, 5, ImageInput.Damaged.SKIP);
    RunConfig tuned =
        new RunConfig(
            config.part(),
            config.architecture(),
            config.vocabulary(),
            config.textSettings(),
            config.text(),
            larger,
            config.optimizer(),
            new LearningRateSchedule.Constant(1e-12),
            RunConfig.Duration.ofSteps(TinyRun.BATCH, 1),
            config.keeping(),
            config.seed());
    ModelFolder first = new ModelFolder(whole.resolve("model"));
    List<String> notes = new ArrayList<>();
    TrainingListener listener = TinyRun.noting(notes);

    ModelFolder model =
        Trainer.of(tuned, tiny.inputs().startingFrom(StartingModel.of(first)))
            .run(folder.resolve("larger"), listener)
            .model();

    assertEquals(32, model.readConfig().architecture().vision().imageSize());
    String positions = "visual_encoder/pos_embed";
    assertArrayEquals(
        PositionInterpolation.resize(
            TensorBundleReader.open(first.variables()).floats(positions),
            Shape.of(1, 5, 16),
            Shape.of(1, 17, 16)),
        TensorBundleReader.open(model.variables()).floats(positions),
        1e-6f);
    assertTrue(
        notes.stream().anyMatch(note -> note.contains(positions + ": interpolated from")),
        notes.toString());
  }

  @Test
  @Tag("slow") // the command finetune retrieval is tried in tools, too
  void fineTuningForRetrievalStartsFromPreTrainedWeights() throws IOException {
    assertEquals(12, fineTuned(Task.RETRIEVAL, 36).get(0).step());
  }

  private List<StepReport> fineTuned(Task task, int steps) throws IOException {
    RunConfig config =
        tiny.config(task)
            .withDuration(
                RunConfig.Duration.ofEpochs(TinyRun.BATCH, 6), new RunConfig.Keeping(12, 100, 1));
    List<StepReport> reports = new ArrayList<>();

    Trainer.Outcome outcome =
        Trainer.of(
                config,
                tiny.inputs()
                    .startingFrom(StartingModel.of(new ModelFolder(whole.resolve("model")))))
            .run(folder.resolve(task.toString()), reports::add);

    assertEquals(steps, outcome.step());
    ModelConfig model = outcome.model().readConfig();
    assertEquals(task, model.task());
    assertEquals(steps, model.provenance().step());
    assertEquals("a ", model.textSettings().prompt());
    return reports;
  }

  /** At a rate that overflows, with a checkpoint before; the records of the batch are named. */
  @Test
  void aLossThatIsNoNumberEndsTheRunAndKeepsTheCheckpointBefore() throws IOException {
    Path run = folder.resolve("wild");
    RunConfig wild =
        TinyRun.changed(
            tiny.config(Task.PRETRAIN), "schedule", "{\"kind\":\"constant\",\"rate\":3e37}");
    RunConfig often =
        wild.withDuration(
            RunConfig.Duration.ofSteps(TinyRun.BATCH, 12), new RunConfig.Keeping(1, 1, 1));

    String message = diverged(often, run);

    assertTrue(
        message.matches(
            "[\\w/]+ is (NaN|-?Infinity) at step 2; the last checkpoint is kept:"
                + " .*/wild/checkpoints/step-1; start another run with .*; records of its batch:"
                + " picture-\\d+(, picture-\\d+){3}"),
        message);
    assertEquals(1, new RunFolder(run).checkpoints(1).newest().orElseThrow().step());
    assertEquals(message, diverged(often, run));
  }

  /** The losses of the only step are numbers; the weights after it are none. */
  @Test
  void weightsThatAreNoNumbersAreNotStored() throws IOException {
    Path run = folder.resolve("overflown");
    RunConfig wild =
        TinyRun.changed(
            tiny.config(Task.PRETRAIN), "schedule", "{\"kind\":\"constant\",\"rate\":1e39}");

    String message =
        diverged(
            wild.withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, 1), new RunConfig.Keeping(1, 1, 1)),
            run);

    assertTrue(
        message.matches(
            "[\\w/]+ has [^;]*(NaN|Inf)[^;]* after step 1; there is no checkpoint yet; .*"),
        message);
    assertEquals(List.of(), new RunFolder(run).checkpoints(1).steps());
    assertFalse(Files.exists(run.resolve("model")));
  }

  private static String diverged(RunConfig config, Path run) {
    return assertThrows(
            Trainer.DivergedException.class,
            () -> Trainer.of(config, tiny.inputs()).run(run, report -> {}))
        .getMessage();
  }

  @Test
  void misfitsAreRefusedBeforeAnythingIsWritten() throws IOException {
    RunConfig config = tiny.config(Task.PRETRAIN);
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    Files.writeString(other.resolve("notes.txt"), "mine");
    TrainingListener listener = report -> {};

    IOException occupied =
        assertThrows(
            IOException.class, () -> Trainer.of(config, tiny.inputs()).run(other, listener));
    assertTrue(occupied.getMessage().contains("not a run folder"), occupied.getMessage());
    IllegalArgumentException batch =
        assertThrows(
            IllegalArgumentException.class,
            () -> config.withDuration(RunConfig.Duration.ofEpochs(5, 1), config.keeping()));
    assertEquals(
        "batch 5 does not divide objective.queueSize 16; use a queue of 15 or 20",
        batch.getMessage());
    IllegalArgumentException unset =
        assertThrows(
            IllegalArgumentException.class,
            () -> Trainer.of(tiny.config(Task.CAPTION), tiny.inputs()));
    assertTrue(unset.getMessage().startsWith("architecture is not set"), unset.getMessage());
    IllegalArgumentException narrow =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Trainer.of(
                    config, tiny.inputs().on(ConfigProto.getDefaultInstance(), Precision.FLOAT16)));
    assertTrue(narrow.getMessage().contains("float16"), narrow.getMessage());
    assertArrayEquals(new String[] {"notes.txt"}, other.toFile().list());
  }

  /** On a GPU the graph narrows its products, on the CPU the platform's optimiser. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void productsInBfloat16TrainAsWell(int gpus) throws IOException {
    assumeTrue(gpus > 0 || narrowsOnTheCpu());
    ConfigProto session = ConfigProto.newBuilder().putDeviceCount("GPU", gpus).build();
    RunConfig config =
        tiny.config(Task.PRETRAIN)
            .withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, 2), new RunConfig.Keeping(1, 2, 1));
    double exact = lastLoss(config, tiny.inputs(), "exact-" + gpus);
    double narrow =
        lastLoss(config, tiny.inputs().on(session, Precision.BFLOAT16), "narrow-" + gpus);
    assertEquals(exact, narrow, 0.02 * exact);
    assertNotEquals(exact, narrow);
  }

  /** What the optimiser asks of a processor before it writes bfloat16 into a graph. */
  private static boolean narrowsOnTheCpu() throws IOException {
    Path processor = Path.of("/proc/cpuinfo");
    return Files.exists(processor) && Files.readString(processor).contains("avx512f");
  }

  private double lastLoss(RunConfig config, RunInputs inputs, String run) throws IOException {
    List<Double> losses = new ArrayList<>();
    Trainer.of(config, inputs)
        .run(folder.resolve(run), report -> losses.add(report.means().get("loss")));
    return losses.get(losses.size() - 1);
  }

  /** Recipes leave the padding out that the published code has: nothing reads it. */
  @ParameterizedTest
  @EnumSource(names = {"PRETRAIN", "RETRIEVAL"})
  void lossesAreTheSameWithoutPadding(Task task) throws IOException {
    RunConfig config = TinyRun.changed(tiny.fromScratch(task), "architecture.text.dropout", "0");
    RunInputs inputs = tiny.asBuilt(task, 1);
    List<List<StepReport>> runs = new ArrayList<>();
    for (String width : List.of("\"MAXIMUM\"", "\"LONGEST\"")) {
      List<StepReport> reports = new ArrayList<>();
      Trainer.of(TinyRun.changed(config, "text.padding", width), inputs)
          .run(folder.resolve(width.substring(1, 8)), reports::add);
      runs.add(reports);
    }
    assertEquals(6, runs.get(0).size());
    for (int i = 0; i < 6; i++) {
      Map<String, Double> padded = runs.get(0).get(i).means();
      Map<String, Double> bare = runs.get(1).get(i).means();
      padded.forEach(
          (name, value) -> assertEquals(value, bare.get(name), 1e-4 * Math.max(1, value), name));
    }
  }

  @Test
  void anotherConfigurationCannotContinueARun() throws IOException {
    RunConfig config = tiny.config(Task.PRETRAIN);
    RunConfig changed = config.withDuration(RunConfig.Duration.ofSteps(2, 12), config.keeping());

    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Trainer.of(changed, tiny.inputs()).run(whole, report -> {}))
            .getMessage();

    assertTrue(message.contains("duration.batch is 2, was 4"), message);
  }

  @Test
  void aRunThatIsGoingOnIsNotBegunTwice() throws IOException {
    RunConfig config =
        tiny.config(Task.PRETRAIN)
            .withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, 1), new RunConfig.Keeping(1, 1, 1));
    Path run = folder.resolve("twice");
    List<String> refused = new ArrayList<>();
    Trainer second = Trainer.of(config, tiny.inputs());
    Trainer.of(config, tiny.inputs())
        .run(
            run,
            report ->
                refused.add(
                    assertThrows(IOException.class, () -> second.run(run, again -> {}))
                        .getMessage()));
    assertEquals(1, refused.size());
    assertTrue(refused.get(0).startsWith(run + " is in use by another process ("), refused.get(0));
    assertTrue(second.run(run, again -> {}).finished());
  }

  private static void assertSameTensors(Path expected, Path actual) throws IOException {
    TensorBundleReader a = TensorBundleReader.open(expected);
    TensorBundleReader b = TensorBundleReader.open(actual);
    assertEquals(a.variables().keySet(), b.variables().keySet());
    for (String name : a.variables().keySet()) {
      if (a.variables().get(name).type() == DataType.DT_FLOAT) {
        assertArrayEquals(a.floats(name), b.floats(name), name);
      } else {
        assertArrayEquals(a.longs(name), b.longs(name), name);
      }
    }
  }
}
