package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.config.RunDescription;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.optimize.LearningRateSchedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The published recipe, changed by a file and by settings. */
final class RunConfigFileTest {
  @TempDir private Path folder;

  @Test
  void whatIsNotSaidIsThePublishedRecipe() {
    RunConfig config = RunConfigReader.of(Task.PRETRAIN).config();
    assertEquals(RunConfig.published(Task.PRETRAIN), config);
    assertEquals(20 * 7, config.duration().totalSteps(7));
  }

  @Test
  void fileAndSettingsChangeSingleFields() throws IOException {
    Path file = folder.resolve("run.json");
    Files.writeString(
        file,
        """
        {"optimizer": {"clipNorm": 1}, "schedule": {"kind": "constant", "rate": 3e-4},
         "vocabulary": "words/vocab.txt", "duration": {"batch": 64, "epochs": 0, "steps": 10},
         "objective": {"queueSize": 640}}
        """);
    RunConfig config =
        RunConfigReader.of(Task.PRETRAIN)
            .file(file)
            .settings(List.of("optimizer.clipNorm=2.5", "images.damaged=FAIL", "seed=9"))
            .config();

    assertEquals(2.5, config.optimizer().clipNorm());
    assertEquals(0.05, config.optimizer().weightDecay());
    assertEquals(new LearningRateSchedule.Constant(3e-4), config.schedule());
    assertEquals(ImageInput.Damaged.FAIL, config.images().damaged());
    assertEquals(9, config.seed());
    assertEquals(folder.resolve("words/vocab.txt").toString(), config.vocabulary());
    assertEquals(config, ConfigJson.parse(ConfigJson.write(config), "again", RunConfig.class));
  }

  @Test
  void aRunCanBeRepeatedFromItsFolder() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    RunConfig config = tiny.config(Task.PRETRAIN);
    RunDescription description = RunDescription.of(RunPlan.resolve(config, tiny.inputs()));
    Path file = folder.resolve("config.json");
    Files.writeString(file, ConfigJson.write(description));

    assertEquals(description.config(), RunConfigReader.of(Task.PRETRAIN).file(file).config());
  }

  @ParameterizedTest
  @CsvSource({
    "optimizer.clipnorm=1, unknown key optimizer.clipnorm; did you mean clipNorm?",
    "optimiser.clipNorm=1, unknown key optimiser; did you mean optimizer?",
    "duration.batch=0, duration.batch is 0; it must be positive",
    "duration.batch=77, batch 77 does not divide objective.queueSize 57600",
    "duration.steps=5, one must be positive",
    "schedule.peak=-1, schedule.peak is -1.0; it must be positive",
    "architecture.vision.imageSize=225, image size 225 is not a multiple of patch 16",
    "images.cropScale=2, images.cropScale is 2.0; it must be in [0",
    "task=CAPTION, task is CAPTION; this command trains PRETRAIN",
    "textSettings.maxWords=3, textSettings is not set; give it as JSON",
    "batch, is not path.to.field=value",
  })
  void mistakesNameTheField(String setting, String expected) {
    RunConfigReader reader = RunConfigReader.of(Task.PRETRAIN);
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> reader.settings(List.of(setting)).config())
            .getMessage();
    assertTrue(message.startsWith("--set " + setting), message);
    assertTrue(message.contains(expected), message);
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("none.json");
    String message =
        assertThrows(IOException.class, () -> RunConfigReader.of(Task.CAPTION).file(file))
            .getMessage();
    assertEquals("configuration " + file + " does not exist", message);
  }
}
