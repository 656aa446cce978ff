package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.DataIndex;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigFields;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.Recipe;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.config.RunDescription;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.optimize.LearningRateSchedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.ConfigProto;

/** The published recipe, changed by a file and by settings. */
final class RunConfigFileTest {
  @TempDir private Path folder;

  @Test
  void whatIsNotSaidIsThePublishedRecipe() {
    RunConfig config = RunConfigReader.of(Task.PRETRAIN).config();
    assertEquals(RunConfig.published(Task.PRETRAIN), config);
    assertEquals(20 * 7, config.duration().totalSteps(7));
  }

  @ParameterizedTest
  @CsvSource({
    "pretrain-base, PRETRAIN, 3e-4, 75, 20, ",
    "pretrain-large, PRETRAIN, 2e-4, 75, 20, ",
    "caption-coco, CAPTION, 1e-5, 32, 5, 384",
    "retrieval-coco, RETRIEVAL, 1e-5, 32, 6, 384",
    "retrieval-flickr, RETRIEVAL, 1e-5, 32, 6, 384",
    "vqa, VQA, 2e-5, 16, 10, 480",
    "nlvr, NLVR, 3e-5, 16, 15, 384",
    "dialogue, DIALOGUE, 2e-5, 30, 200, 384",
  })
  void recipesAreThePublishedOnes(
      String name, Task task, double rate, int batch, long epochs, Integer size) {
    Recipe recipe =
        Arrays.stream(Recipe.values()).filter(r -> r.toString().equals(name)).findFirst().get();
    RunConfig config = recipe.config(Optional.empty());
    assertEquals(task, config.task());
    double peak =
        config.schedule() instanceof LearningRateSchedule.WarmupDecay warmup
            ? warmup.peak()
            : ((LearningRateSchedule.EpochCosine) config.schedule()).peak();
    assertEquals(rate, peak);
    assertEquals(RunConfig.Duration.ofEpochs(batch, epochs), config.duration());
    assertEquals(Optional.ofNullable(size), config.images().size());
    assertEquals(task == Task.PRETRAIN ? 0.2 : 0.5, config.images().cropScale().orElseThrow());
  }

  @Test
  void theLargeModelHasStochasticDepthAndRatesOfItsOwn() {
    BlipConfig large = Recipe.PRETRAIN_LARGE.config(Optional.empty()).architecture().orElseThrow();
    assertEquals(0.1, large.vision().dropPath());
    RunConfig caption = Recipe.CAPTION_COCO.config(Optional.of(large));
    assertEquals(new LearningRateSchedule.EpochCosine(2e-6, 0), caption.schedule());
    assertEquals(16, caption.duration().batch());
    RunConfig retrieval = Recipe.RETRIEVAL_FLICKR.config(Optional.of(large));
    assertEquals(new LearningRateSchedule.EpochCosine(5e-6, 0), retrieval.schedule());
    assertEquals(16, retrieval.duration().batch());
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

    assertEquals(Optional.of(2.5), config.optimizer().clipNorm());
    assertEquals(0.05, config.optimizer().weightDecay());
    assertEquals(new LearningRateSchedule.Constant(3e-4), config.schedule());
    assertEquals(ImageInput.Damaged.FAIL, config.images().damaged());
    assertEquals(9, config.seed());
    assertEquals(Optional.of(folder.resolve("words/vocab.txt").toString()), config.vocabulary());
    assertEquals(config, ConfigJson.parse(ConfigJson.write(config), "again", RunConfig.class));
  }

  @Test
  void aRunCanBeRepeatedFromItsFolder() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    RunConfig config = tiny.config(Task.PRETRAIN);
    RunDescription description =
        RunDescription.of(
            RunPlan.resolve(config, tiny.inputs()),
            DataIndex.of(tiny.inputs().data(), SampleKind.IMAGE_TEXT, SourceOptions.strict()));
    Path file = folder.resolve("config.json");
    Files.writeString(file, ConfigJson.write(description));

    assertEquals(description.config(), RunConfigReader.of(Task.PRETRAIN).file(file).config());
  }

  @Test
  void operationsOfASmallModelAreSplitLess() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    RunConfig small = tiny.fromScratch(Task.PRETRAIN);
    RunInputs inputs = tiny.inputs();
    ConfigProto session =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(4)
            .setInterOpParallelismThreads(3)
            .putDeviceCount("GPU", 0)
            .build();
    ConfigProto onAGpu = session.toBuilder().putDeviceCount("GPU", 1).build();
    BlipConfig base = BlipConfig.base(224);

    ConfigProto chosen = plan(small, inputs, session).session();
    assertEquals(2, chosen.getIntraOpParallelismThreads());
    assertEquals(4, chosen.getInterOpParallelismThreads());
    assertEquals(onAGpu, plan(small, inputs, onAGpu).session());
    assertEquals(
        session,
        plan(small.resolved(base, small.textSettings().orElseThrow()), inputs, session).session());
  }

  private static RunPlan plan(RunConfig config, RunInputs inputs, ConfigProto session)
      throws IOException {
    RunInputs chosen = inputs.on(session, Precision.FLOAT32);
    return new RunPlan(config, Vocabulary.bertBaseUncased(), chosen, Kernels.PORTABLE);
  }

  @ParameterizedTest
  @CsvSource({
    "optimizer.clipnorm=1, unknown key optimizer.clipnorm; did you mean clipNorm?",
    "optimiser.clipNorm=1, unknown key optimiser; did you mean optimizer?",
    "duration.batch=0, duration.batch is 0; it must be positive",
    "duration.batch=77, batch 77 does not divide objective.queueSize 57600",
    "duration.steps=-5, duration.steps is -5; it must be positive",
    "duration.batch=many, duration.batch is \"many\"; expected a whole number",
    "schedule.kind=cosine, schedule.kind is \"cosine\"; expected one of warmup-decay",
    "schedule.rate=1, unknown key schedule.rate; known keys are kind",
    "images.flip=1, images.flip is 1; expected true or false",
    "images.damaged=skip, images.damaged is \"skip\"; expected one of FAIL",
    "logging.every=1, unknown key logging; known keys are task",
    "seed.x=1, seed is an object; expected a whole number",
    "optimizer.beta1=null, optimizer.beta1 is missing",
    "schedule.peak=-1, schedule.peak is -1.0; it must be positive",
    "architecture.vision.imageSize=225, image size 225 is not a multiple of patch 16",
    "images.cropScale=2, images.cropScale is 2.0; it must be in (0",
    "task=CAPTION, task is CAPTION; this command trains PRETRAIN",
    "identity=TEXT, unknown key identity",
    "batch, is not path.to.field=value",
  })
  void mistakesNameTheField(String setting, String expected) {
    RunConfigReader reader = RunConfigReader.of(Task.PRETRAIN);
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> reader.settings(List.of(setting)).config())
            .getMessage();
    assertTrue(message.startsWith("setting " + setting), message);
    assertTrue(message.contains(expected), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'duration':{'batch':200,'steps':5}} | batch=200, accumulate=1, recompute=false,"
            + " epochs=Optional.empty, steps=Optional[5]",
        "{'duration':{'steps':5}} | batch=75, accumulate=1, recompute=false, epochs=Optional.empty,"
            + " steps=Optional[5]",
        "{'duration':{'batch':64,'epochs':0,'steps':5}} | batch=64, accumulate=1, recompute=false,"
            + " epochs=Optional.empty, steps=Optional[5]",
        "{'duration':{'epochs':2}} | batch=75, accumulate=1, recompute=false, epochs=Optional[2],"
            + " steps=Optional.empty",
        "{'alphaRamp':{'steps':9}} | AlphaRamp[epochs=Optional.empty, steps=Optional[9]]",
        "{'schedule':{'peak':0.5}} | WarmupDecay[peak=0.5, floor=1.0E-6",
        "{'schedule':{'kind':'step-cosine','warmupSteps':7}} | StepCosine[peak=3.0E-4,"
            + " warmupSteps=7, floorFraction=0.0]",
        "{'images':{'cropScale':null}} | cropScale=Optional.empty",
        "{'images':{'cropScale':0,'size':0}} | cropScale=Optional.empty",
        "{'architecture':{'vision':{'imageSize':64}}} | VitConfig[imageSize=64, patchSize=16,"
            + " width=768",
        "{'textSettings':{'maxWords':3}} | maxWords=3, matchTokens=35",
        "{'architecture':null} | architecture=Optional.empty",
      })
  void whatIsLeftOutIsTakenFromTheRecipe(String json, String expected) throws IOException {
    Path file = folder.resolve("part.json");
    Files.writeString(file, json.replace('\'', '"'));
    String config = RunConfigReader.of(Task.PRETRAIN).file(file).config().toString();
    assertTrue(config.contains(expected), config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'duration': {'batch': 4.5}} | : duration.batch is 4.5; expected a whole number (line 2)",
        "{'duration': {'epochs': 2, 'steps': 3}} | : duration has epochs 2 and steps 3; give one of"
            + " them",
        "{'optimizer': {'clipnorm': 1}} | : unknown key optimizer.clipnorm; did you mean clipNorm?"
            + " (line 2)",
        "{'optimizer': [1]} | : optimizer is a list of 1; expected an object",
        "{'vocabulary': 5} | : vocabulary is 5; expected a text",
        "{'duration': {'batch': 99999999999}} | expected a whole number within -2147483648 to"
            + " 2147483647",
        "{'optimizer' 1} | : not valid JSON: ",
        "{'seed':1,'seed':2} | : the key seed is twice",
        "[1] | : not a JSON object",
        "'' | : empty; expected JSON",
      })
  void mistakesInAFileNameFileLineAndField(String json, String expected) throws IOException {
    Path file = folder.resolve("wrong.json");
    Files.writeString(file, "\n" + json.replace('\'', '"'));
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> RunConfigReader.of(Task.PRETRAIN).file(file))
            .getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains(expected), message);
    assertFalse(message.contains("java") || message.contains("fasterxml"), message);
  }

  @Test
  void anOptionIsBlamedForItsOwnMistakeOnly() {
    RunConfigReader reader = RunConfigReader.of(Task.PRETRAIN);
    String unknown =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    reader
                        .setting("duration.batch", "64", "--batch-size 64")
                        .settings(List.of("logging.every=1", "seed=3")))
            .getMessage();
    assertTrue(unknown.startsWith("setting logging.every=1: unknown key logging"), unknown);
    String batch =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    RunConfigReader.of(Task.PRETRAIN)
                        .setting("duration.batch", "77", "--batch-size 77")
                        .settings(List.of("seed=3")))
            .getMessage();
    assertTrue(batch.startsWith("--batch-size 77: batch 77 does not divide"), batch);
  }

  @Test
  void everyFieldHasAMeaning() {
    for (Task task : List.of(Task.PRETRAIN, Task.RETRIEVAL, Task.CAPTION)) {
      for (ConfigFields.Field field : ConfigFields.of(RunConfig.published(task))) {
        assertFalse(field.meaning().isEmpty(), field.path());
      }
    }
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
