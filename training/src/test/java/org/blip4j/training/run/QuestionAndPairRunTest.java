package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.input.RecordBatches;
import org.blip4j.training.input.TrainingBatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Runs on questions with answers and on pairs of images with statements. */
final class QuestionAndPairRunTest {
  private static final TrainingListener SILENT = report -> {};

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void makeData() throws IOException {
    tiny = new TinyRun(folder);
  }

  @ParameterizedTest
  @CsvSource({"VQA, 90, 0.6", "NLVR, 180, 0.75"})
  void theLossFalls(Task task, long steps, double share) throws IOException {
    RunConfig config =
        tiny.fromScratch(task)
            .withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, steps),
                new RunConfig.Keeping(steps / 6, 1000, 1));
    List<StepReport> reports = new ArrayList<>();

    Trainer.Outcome outcome =
        Trainer.of(config, tiny.inputs(task)).run(folder.resolve("run"), reports::add);

    double first = reports.get(0).means().get("loss");
    double last = reports.get(reports.size() - 1).means().get("loss");
    assertTrue(last < share * first, first + " to " + last);
    assertEquals(task, outcome.model().readConfig().task());
  }

  @Test
  void answersInDialoguesAreLearned() throws IOException {
    int steps = 300;
    RunConfig config =
        TinyRun.changed(
            TinyRun.changed(
                tiny.fromScratch(Task.DIALOGUE)
                    .withDuration(
                        RunConfig.Duration.ofSteps(8, steps), new RunConfig.Keeping(50, 1000, 1)),
                "schedule.peak",
                "3e-3"),
            "architecture",
            ConfigJson.write(TinyRun.architecture().withoutDropout()));
    List<StepReport> reports = new ArrayList<>();

    Trainer.Outcome outcome =
        Trainer.of(config, tiny.asBuilt(Task.DIALOGUE, 1)).run(folder.resolve("run"), reports::add);

    StepReport last = reports.get(reports.size() - 1);
    assertTrue(last.means().get("loss") < 0.1, last.means().toString()); // by chance 0.56
    assertTrue(last.means().get("accuracy") > 0.95, last.means().toString());
    assertEquals(Task.DIALOGUE, outcome.model().readConfig().task());
  }

  @ParameterizedTest
  @CsvSource({"VQA", "NLVR"})
  void fineTuningStartsFromPreTrainedWeightsAndGoesOnWhereItWasStopped(Task task)
      throws IOException {
    Path before = folder.resolve("before");
    Trainer.Outcome pretrained =
        Trainer.of(
                tiny.config(Task.PRETRAIN)
                    .withDuration(
                        RunConfig.Duration.ofSteps(TinyRun.BATCH, 1),
                        new RunConfig.Keeping(1, 1, 1)),
                tiny.inputs())
            .run(before, SILENT);
    RunInputs inputs =
        tiny.inputs(task)
            .startingFrom(StartingModel.of(new ModelFolder(pretrained.model().path())));
    RunConfig config = tiny.config(task);
    Path whole = folder.resolve("whole");
    Path broken = folder.resolve("broken");

    Trainer.of(config, inputs).run(whole, SILENT);
    int[] asked = {0};
    Trainer.of(config, inputs).stoppingWhen(() -> asked[0]++ >= 5).run(broken, SILENT);
    Trainer.Outcome outcome = Trainer.of(config, inputs).run(broken, SILENT);

    assertEquals(12, outcome.step());
    assertEquals(
        Files.readString(whole.resolve("metrics.jsonl")),
        Files.readString(broken.resolve("metrics.jsonl")));
    ModelConfig model = outcome.model().readConfig();
    assertEquals(0.1, model.architecture().vision().dropPath(), "as published");
    assertEquals(TextSettings.published(task).within(16), model.textSettings());
  }

  @Test
  void halfOfThePairsAreExchangedAndTheirStatementsWithThem() throws IOException {
    List<String> exchanged = sides(true);
    List<String> asTheyAre = sides(false);
    int changed = 0;
    for (int i = 0; i < asTheyAre.size(); i++) {
      changed += exchanged.get(i).equals(asTheyAre.get(i)) ? 0 : 1;
    }
    assertTrue(changed > 4 && changed < 20, changed + " of 24");
  }

  /** For each pair of an epoch the side that its statement names; its label must hold there. */
  private List<String> sides(boolean exchange) throws IOException {
    RunConfig config =
        TinyRun.changed(tiny.fromScratch(Task.NLVR), "exchange", String.valueOf(exchange));
    RunPlan plan = RunPlan.resolve(config, tiny.inputs(Task.NLVR));
    RecordBatches.Data<?> data = RecordBatches.Data.open(plan, folder.resolve("index"), note -> {});
    Vocabulary words = TinyRun.vocabulary();
    List<String> sides = new ArrayList<>();
    try (RecordBatches<?> batches = data.batches(plan, SamplePipeline.Cursor.START)) {
      for (int i = 0; i < 6; i++) {
        try (TrainingBatch batch = batches.next()) {
          TInt64 ids = (TInt64) batch.get("ids");
          for (int row = 0; row < TinyRun.BATCH; row++) {
            String side = ids.getLong(row, 2) == words.id("left") ? "left" : "right";
            int colour = (int) ids.getLong(row, 5) - words.id("red");
            TFloat32 named = (TFloat32) batch.get(side.equals("left") ? "first" : "second");
            long label = ((TInt64) batch.get("labels")).getLong(row);
            assertEquals(label == 1, colour(named, row) == colour, "row " + row);
            sides.add(side);
          }
        }
      }
    }
    return sides;
  }

  /** Of red, green, blue and grey the one of a picture's square. */
  private static int colour(TFloat32 pixels, int row) {
    double[] means = {0.48145466, 0.4578275, 0.40821073};
    double[] deviations = {0.26862954, 0.26130258, 0.27577711};
    int brightest = 0;
    double[] values = new double[3];
    for (int c = 0; c < 3; c++) {
      values[c] = pixels.getFloat(row, 1, 1, c) * deviations[c] + means[c];
      brightest = values[c] > values[brightest] ? c : brightest;
    }
    return Math.abs(values[0] - values[1]) + Math.abs(values[1] - values[2]) < 0.1 ? 3 : brightest;
  }

  @Test
  void recordsOfAnotherKindAreRefusedByName() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    Trainer.of(tiny.fromScratch(Task.VQA), tiny.inputs())
                        .run(folder.resolve("none"), SILENT))
            .getMessage();
    assertTrue(message.startsWith("the data hold 0 questions"), message);
  }

  @Test
  void whatIsLeftOpenFitsTheModelThatItStartsFrom() throws IOException {
    ModelConfig start =
        ModelConfig.of(
            Task.PRETRAIN,
            BlipConfig.tiny(),
            new TextSettings("a ", 10, 10, 2, 10),
            new ModelConfig.Provenance("", "", "", 0));
    RunConfig config = RunConfigReader.of(Task.NLVR, Optional.of(start)).config();
    assertEquals(64, config.text().maxTokens());
    RunConfig changed =
        RunConfigReader.of(Task.VQA, Optional.of(start))
            .settings(List.of("architecture.text.dropout=0.2", "textSettings.maxWords=7"))
            .config();
    assertEquals(0.1, changed.architecture().orElseThrow().vision().dropPath());
    assertEquals(new TextSettings("", 7, 35, 1, 10), changed.textSettings().orElseThrow());
    assertEquals(480, changed.images().size().orElseThrow());
  }
}
