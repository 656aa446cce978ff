package org.blip4j.tools.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.data.weights.SafetensorsWriter;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

/** {@code pretrain} and {@code finetune} on a few scenes, and what they refuse. */
final class TrainCommandsTest {
  @TempDir private static Path folder;
  private static Path config;
  private static String data;

  @BeforeAll
  static void writeScenes() throws IOException {
    TinyScenes scenes = TinyScenes.write(folder);
    data = scenes.data();
    config = scenes.config();
  }

  @Test
  void preTrainingThenFineTuningLeaveModels() throws IOException {
    Path run = folder.resolve("run");
    CliRun pretrained = pretrain(run, "--json", "--validate", data);

    assertEquals(0, pretrained.status(), pretrained.err());
    List<JsonNode> steps = new ArrayList<>();
    for (String line : pretrained.lines()) {
      steps.add(new ObjectMapper().readTree(line));
    }
    assertEquals(List.of(2, 4), steps.stream().map(step -> step.get("step").asInt()).toList());
    for (String name : List.of("loss_itc", "loss_itm", "loss_lm", "itm_accuracy", "itm_baseline")) {
      assertTrue(steps.get(0).has(name), name);
    }
    String metrics = Files.readString(run.resolve("metrics.jsonl"));
    assertTrue(metrics.contains("\"validation/r_mean\":"), metrics);
    assertTrue(Files.exists(run.resolve("best/validation.json")));
    String report = Files.readString(run.resolve("report.html"));
    for (String shown :
        List.of(
            "BLIP training run · step 4<",
            "<figcaption>loss_itm</figcaption>",
            "<figcaption>validation/r_mean</figcaption>",
            "<h2>Captions</h2>",
            "<img src=\"data:image/png;base64,",
            "<dd>caption: ",
            "<dd>record: ")) {
      assertTrue(report.contains(shown), shown);
    }
    CliRun examples = CliRun.of("records", "show", run.resolve("examples.tfrecord").toString());
    assertTrue(examples.out().contains("captions/"), examples.out() + examples.err());
    Path file = folder.resolve("pretrained.safetensors");
    CliRun converted =
        CliRun.of(
            "convert", run.resolve("model").toString(), file.toString(), "--to", "safetensors");
    assertEquals(0, converted.status(), converted.err());
    String step = finetuned(run.resolve("model"), "filter");
    assertEquals(step, finetuned(run, "from-run"));
    assertEquals(step, finetuned(file, "from-file"));
    assertRefused(
        "was started with another configuration (seed is 2, was 1)", pretrain(run, "--seed", "2"));
    Path filter = folder.resolve("filter");
    assertRefused(
        "was started with another model (init is %s, was %s)"
            .formatted(filter.resolve("model"), run.resolve("model")),
        tuning(filter, "filter"));
  }

  @Test
  void mistakesAreOneClearLineAndWriteNothing() {
    Path out = folder.resolve("refused");
    assertRefused(
        "unknown key optimizer.clipnorm; did you mean clipNorm?",
        pretrain(out, "--set", "optimizer.clipnorm=1"));
    assertRefused("batch 5 does not divide", pretrain(out, "--batch-size", "5"));
    assertRefused(
        "image size 33 is not a multiple of patch 16; use 32 or 48",
        pretrain(out, "--set", "images.size=33"));
    assertRefused("is not a run folder", pretrain(folder.resolve("scenes")));
    assertRefused(
        "24 pairs, less than one batch of 48",
        pretrain(out, "--batch-size", "48", "--set", "objective.queueSize=48"));
    assertRefused("'--init=MODEL'", CliRun.of("finetune", "caption", "--data", data, "--out", "x"));
    assertRefused(
        "no such shard",
        CliRun.of("pretrain", "--data", folder + "/nothing", "--out", out.toString()));
    assertFalse(Files.exists(out));
  }

  @Test
  void recipesArePrintedAndTakenByTheirCommandAlone() {
    CliRun vqa = CliRun.of("pretrain", "--print-recipe", "--recipe", "vqa");
    assertEquals(0, vqa.status(), vqa.err());
    assertTrue(vqa.out().contains("images.size = 480"), vqa.out());
    assertTrue(vqa.out().contains("schedule.peak = 2.0E-5"), vqa.out());
    CliRun large = CliRun.of("pretrain", "--print-config", "--recipe", "pretrain-large");
    assertTrue(large.out().contains("architecture.vision.dropPath = 0.1"), large.out());
    assertTrue(CliRun.of("finetune", "nlvr", "--print-config").out().contains("exchange = true"));
    assertRefused(
        "--recipe vqa trains another task than this command; use pretrain-base or pretrain-large",
        CliRun.of("pretrain", "--print-config", "--recipe", "vqa"));
    assertRefused(
        "architecture is not set and there is no model to start from",
        CliRun.of("finetune", "vqa", "--data", data, "--out", "x"));
  }

  /** At a rate of next to nothing, the trained model is what it started from. */
  @Test
  void preTrainingStartsFromAVisionTransformerAndBert() throws IOException {
    Path first = folder.resolve("unimodal");
    assertEquals(0, wide(first, "--seed", "1").status());
    Path whole = folder.resolve("whole.safetensors");
    CliRun.of(
        "convert", first.resolve("model").toString(), whole.toString(), "--to", "safetensors");
    Path vision = folder.resolve("vision.safetensors");
    Path bert = Files.createDirectories(folder.resolve("bert"));
    String words = "text_encoder.embeddings.word_embeddings.weight";
    try (WeightFile file = WeightFile.open(whole)) {
      write(file, "visual_encoder.", "", vision);
      write(file, "text_encoder.", "bert.", bert.resolve("model.safetensors"));
      Files.copy(folder.resolve("scenes/vocab.txt"), bert.resolve("vocab.txt"));
      Path out = folder.resolve("from-both");
      CliRun run =
          wide(
              out,
              "--seed",
              "2",
              "--init-vision",
              vision.toString(),
              "--init-text",
              bert.toString());
      assertEquals(0, run.status(), run.err());
      assertTrue(run.err().contains("text_encoder/encoder/layer/#/crossattention (10)"), run.err());
      assertTrue(run.err().contains("filled: text_decoder (10), text_encoder"), run.err());
      Path prefix = out.resolve("model/variables");
      TensorBundleReader model = TensorBundleReader.open(prefix);
      assertArrayEquals(
          file.tensors().get("visual_encoder.pos_embed").floats(),
          model.floats("visual_encoder/pos_embed"),
          1e-6f);
      assertArrayEquals(
          file.tensors().get("text_encoder.encoder.layer.0.attention.self.key.bias").floats(),
          model.floats("text_decoder/bert/encoder/layer/0/attention/self/key/bias"),
          1e-6f);
      float[] before = file.tensors().get(words).floats();
      float[] after = model.floats(words.replace('.', '/'));
      int known = before.length - 2 * 64;
      assertArrayEquals(Arrays.copyOf(before, known), Arrays.copyOf(after, known), 1e-6f);
      assertNotEquals(before[known], after[known], 1e-6f);
      assertNotEquals(0, after[known], 1e-6f);
    }
    assertRefused(
        "--init is a whole model; leave it away",
        wide(folder.resolve("x"), "--init", first.toString(), "--init-text", bert.toString()));
  }

  /** Tensors of a part under other names; word tables without the two new words. */
  private static void write(WeightFile file, String prefix, String other, Path target)
      throws IOException {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    for (StoredTensor tensor : file.tensors().values()) {
      String name = tensor.name();
      if (name.startsWith(prefix) && !name.matches(".*(crossattention|position_ids).*")) {
        boolean words = name.endsWith("word_embeddings.weight");
        Shape whole = tensor.shape();
        Shape shape = words ? Shape.of(whole.get(0) - 2, whole.get(1)) : whole;
        float[] values = Arrays.copyOf(tensor.floats(), (int) shape.size());
        String renamed = other + name.substring(prefix.length());
        entries.add(new SafetensorsWriter.Floats(renamed, shape, () -> values));
      }
    }
    SafetensorsWriter.write(target, entries);
  }

  private static CliRun wide(Path out, String... more) {
    List<String> arguments = new ArrayList<>(Arrays.asList(more));
    for (String setting :
        List.of(
            "architecture.vision.width=64",
            "architecture.vision.heads=1",
            "architecture.text.width=64",
            "architecture.text.heads=1",
            "duration.steps=1",
            "schedule={\"kind\":\"constant\",\"rate\":1e-12}")) {
      arguments.addAll(List.of("--set", setting));
    }
    return pretrain(out, arguments.toArray(new String[0]));
  }

  /** The one step of a model that starts from another, as it is logged. */
  private static String finetuned(Path init, String name) throws IOException {
    CliRun tuned = tuning(init, name);
    assertEquals(0, tuned.status(), tuned.err());
    Path out = folder.resolve(name);
    assertEquals(out.resolve("model") + "\n", tuned.out());
    return Files.readString(out.resolve("metrics.jsonl"));
  }

  private static CliRun tuning(Path init, String name) {
    return CliRun.of(
        "finetune",
        "retrieval",
        "--init",
        init.toString(),
        "--data",
        data,
        "--out",
        folder.resolve(name).toString(),
        "--set",
        "objective.queueSize=8",
        "--set",
        "images.size=0",
        "--set",
        "text.maxTokens=14",
        "--set",
        "keeping.logEvery=1",
        "--set",
        "duration={\"batch\":4,\"epochs\":0,\"steps\":1}");
  }

  @Test
  void aMistakeIsBlamedOnItsOwnOption() {
    Path out = folder.resolve("blamed");
    assertRefused(
        "setting logging.every=1: unknown key logging",
        pretrain(out, "--batch-size", "8", "--set", "logging.every=1"));
    assertRefused(
        "--batch-size 5: batch 5 does not divide",
        pretrain(out, "--batch-size", "5", "--seed", "2"));
    assertFalse(Files.exists(out));
  }

  @Test
  void theConfigurationIsPrintedAndReadAgain() throws IOException {
    CliRun listed = CliRun.of("pretrain", "--print-config");
    assertEquals(0, listed.status(), listed.err());
    assertTrue(listed.out().contains("duration.batch = 75"), listed.out());
    CliRun json = CliRun.of("pretrain", "--print-config", "--json", "--set", "seed=9");
    Path printed = folder.resolve("printed.json");
    Files.writeString(printed, json.out());
    CliRun again =
        CliRun.of("pretrain", "--print-config", "--json", "--config", printed.toString());
    assertEquals(json.out(), again.out(), again.err());
    assertRefused("'--out=RUN'", CliRun.of("pretrain", "--data", data));
  }

  @Test
  void theExampleOfTheDocumentationRuns() throws IOException {
    String page = Files.readString(Path.of("docs/training.md"));
    Path example = folder.resolve("example.json");
    Files.writeString(example, page.replaceFirst("(?s).*?```json\\n(.*?)```.*", "$1"));
    CliRun run =
        CliRun.of(
            "pretrain",
            "--config",
            example.toString(),
            "--data",
            data,
            "--out",
            folder.resolve("example").toString(),
            "--set",
            "duration.steps=1");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("memory: about"), run.err());
  }

  @Test
  void aFolderWithoutAStepIsNewAndARunIsOnlyReplacedOnRequest() throws IOException {
    Path run = folder.resolve("replaced");
    Files.createDirectories(run);
    Files.writeString(run.resolve("config.json"), "{\"version\": 1}");
    assertEquals(0, pretrain(run, "--set", "duration.steps=1").status());
    Files.writeString(run.resolve("notes.txt"), "mine");
    assertRefused("seed is 2, was 1", pretrain(run, "--seed", "2"));

    CliRun anew = pretrain(run, "--seed", "2", "--set", "duration.steps=2", "--overwrite");

    assertEquals(0, anew.status(), anew.err());
    assertTrue(anew.err().contains("starting at step 0"), anew.err());
    assertEquals("mine", Files.readString(run.resolve("notes.txt")));
    assertEquals(1, Files.readAllLines(run.resolve("metrics.jsonl")).size());
  }

  /** Validation, too, runs where the run has its devices. */
  @Test
  void aRunTakesSeveralDevicesAndOtherCommandsOne() {
    Path out = folder.resolve("two");
    CliRun run =
        pretrain(out, "--set", "duration.steps=1", "--device", "cpu:0,1", "--validate", data);
    assertEquals(0, run.status(), run.err());
    assertTrue(Files.exists(out.resolve("best/validation.json")));
    assertRefused(
        "has no 3 equal parts (duration.accumulate 1, 3 devices)",
        pretrain(folder.resolve("x"), "--device", "cpu:0,1,2"));
    assertRefused(
        "--device cpu:0,1 names several devices, which only pretrain and finetune can share",
        CliRun.of("caption", "--model", out.toString(), "--device", "cpu:0,1", data));
  }

  private static CliRun pretrain(Path out, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "pretrain",
                "--config",
                config.toString(),
                "--data",
                data,
                "--out",
                out.toString()));
    arguments.addAll(Arrays.asList(more));
    return CliRun.of(arguments.toArray(new String[0]));
  }

  private static void assertRefused(String expected, CliRun run) {
    assertEquals(2, run.status(), run.err());
    assertTrue(run.err().contains(expected), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }
}
