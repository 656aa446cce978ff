package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.Cluster;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run by several processes, each a thread here, is the run of one. */
final class ClusterRunTest {
  private static final int STEPS = 5;
  private static final TrainingListener SILENT = report -> {};

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void writeData() throws IOException {
    tiny = new TinyRun(folder);
  }

  @Test
  void twoProcessesPreTrainAsOneDoes() throws Exception {
    isAlike(Task.PRETRAIN, 2, 1, 1);
  }

  @ParameterizedTest
  @CsvSource({
    "PRETRAIN, 2, 1, 2",
    "PRETRAIN, 2, 2, 1",
    "RETRIEVAL, 2, 1, 1",
    "CAPTION, 2, 2, 1",
    "VQA, 2, 1, 1",
    "NLVR, 2, 1, 1"
  })
  @Tag("slow")
  void soDoOthersPartAfterPartAndOnDevices(Task task, int processes, int accumulate, int devices)
      throws Exception {
    isAlike(task, processes, accumulate, devices);
  }

  private void isAlike(Task task, int processes, int accumulate, int devices) throws Exception {
    List<StepReport> one = new ArrayList<>();
    Trainer.of(config(task), inputs(task)).run(folder.resolve("one"), one::add);
    RunConfig divided =
        TinyRun.changed(config(task), "duration.accumulate", Integer.toString(accumulate));
    List<StepReport> several = new ArrayList<>();
    Path run = folder.resolve("several");
    List<Trainer.Outcome> outcomes =
        PeersTest.together(
            processes,
            cluster ->
                Trainer.of(divided, tiny.asBuilt(task, devices).among(cluster))
                    .run(run, cluster.chief() ? several::add : SILENT));
    outcomes.forEach(outcome -> assertTrue(outcome.finished()));
    DividedStepTest.assertAlike(one, several);
    assertEquals(lines(folder.resolve("one/metrics.jsonl")), lines(run.resolve("metrics.jsonl")));
  }

  private static long lines(Path file) throws IOException {
    try (var lines = Files.lines(file)) {
      return lines.count();
    }
  }

  /** A damaged image is replaced by the row that one process would take, also by another's. */
  @Test
  void allStopAfterTheStepAndOneGoesOnAlsoWhereImagesAreDamaged() throws Exception {
    Path damaged = folder.resolve("one.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(damaged, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 3; i++) {
        byte[] photo = InterruptedRunTest.damagedPhoto();
        String text = "A grey square, number six, is a big square.";
        writer.write(
            ExampleCodec.standard().encode(Sample.ImageText.of("bad" + i, photo, List.of(text))));
      }
      writer.commit();
    }
    ShardSet shards = ShardSet.of(List.of(folder.resolve("data.tfrecord"), damaged));
    RunInputs inputs = TinyRun.withSession(RunInputs.of(shards), TinyRun.asBuilt());
    RunConfig config =
        config(Task.PRETRAIN)
            .withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, 8), new RunConfig.Keeping(1, 3, 2));
    List<StepReport> one = new ArrayList<>();
    Trainer.of(config, inputs).run(folder.resolve("one"), one::add);
    assertTrue(one.stream().anyMatch(report -> report.means().get(StepReport.REPLACED) > 0));
    List<StepReport> two = new ArrayList<>();
    Path run = folder.resolve("two");
    List<Trainer.Outcome> outcomes =
        PeersTest.together(
            2,
            cluster -> {
              int[] asked = {0};
              return Trainer.of(config, inputs.among(cluster))
                  .stoppingWhen(() -> cluster.task() == 1 && asked[0]++ >= 4)
                  .run(run, cluster.chief() ? two::add : SILENT);
            });
    for (Trainer.Outcome outcome : outcomes) {
      assertEquals(4, outcome.step());
      assertFalse(outcome.finished());
    }
    assertTrue(Files.exists(run.resolve("checkpoints/step-4.json")));
    assertTrue(Trainer.of(config, inputs).run(run, two::add).finished());
    DividedStepTest.assertAlike(one, two);
  }

  @Test
  void aProcessWithAnotherConfigurationIsRefusedByAllAndNothingIsWritten() throws Exception {
    Path run = folder.resolve("refused");
    List<String> messages =
        PeersTest.together(
            2,
            cluster -> {
              RunConfig own = TinyRun.changed(config(Task.PRETRAIN), "seed", "" + cluster.task());
              try {
                Trainer.of(own, inputs(Task.PRETRAIN).among(cluster)).run(run, SILENT);
                return "";
              } catch (IllegalArgumentException e) {
                return e.getMessage();
              }
            });
    for (String message : messages) {
      assertTrue(message.contains("has another configuration, other data"), message);
    }
    assertFalse(Files.exists(run));
  }

  @Test
  void aBatchThatProcessesCannotShareIsRefused() throws IOException {
    Cluster three = Cluster.of("a:1,b:1,c:1", 0);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Trainer.of(config(Task.PRETRAIN), inputs(Task.PRETRAIN).among(three)))
            .getMessage();
    assertTrue(message.contains("a batch of 4 has no 3 equal parts"), message);
    assertTrue(message.contains("3 processes"), message);
  }

  private RunConfig config(Task task) {
    return tiny.reporting(task, STEPS);
  }

  private RunInputs inputs(Task task) throws IOException {
    return tiny.asBuilt(task, 1);
  }
}
