package org.blip4j.tools.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.data.weights.SafetensorsWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Features;

class InspectCommandTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Path CONTAINERS =
      Path.of("../data/src/test/resources/org/blip4j/data/weights/containers");

  @TempDir private Path folder;

  private static CliRun inspect(Path path, String... more) {
    String[] arguments = new String[more.length + 2];
    arguments[0] = "inspect";
    arguments[1] = path.toString();
    System.arraycopy(more, 0, arguments, 2, more.length);
    return CliRun.of(arguments);
  }

  private static void assertListed(CliRun run, String... words) {
    assertEquals(0, run.status(), run.err());
    for (String word : words) {
      assertTrue(run.out().contains(word), word + " in\n" + run.out());
    }
  }

  @Test
  void publishedWeights() {
    assertListed(
        inspect(GOLDEN.resolve("pretrain/weights.pth"), "--json"),
        "\"task\":\"pretrain\"",
        "{\"name\":\"temp\",\"dtype\":\"F32\",\"shape\":[]}",
        "\"same_as\":\"text_encoder.embeddings.word_embeddings.weight\"");
    assertListed(
        inspect(GOLDEN.resolve("hf_captioning_sharded")), "in 4 shards", "hugging face", "caption");
    assertListed(
        inspect(CONTAINERS.resolve("nested_legacy.pth")),
        "entry optimizer",
        "entry epoch",
        "a.weight");
  }

  @Test
  void modelsAndCheckpoints() throws IOException {
    ModelSource.Folder model = TinyModel.write(folder.resolve("m"), Task.RETRIEVAL);
    ModelExporter.export(
        model,
        PredictorOptions.defaults(),
        new ModelExporter.Target(folder.resolve("served"), 1, false));

    String[] expected = {"itm_head/kernel", "[32, 2]", "variables"};
    assertListed(inspect(folder.resolve("m")), expected);
    assertListed(inspect(folder.resolve("m/variables")), expected);
    assertListed(inspect(folder.resolve("m/variables.index")), expected);
    assertListed(inspect(folder.resolve("m/variables.data-00000-of-00001")), expected);
    assertListed(inspect(folder.resolve("served")), expected);
    assertListed(
        inspect(folder.resolve("served"), "--json"),
        "\"signature\":\"match\"",
        "\"image_bytes string[?]\"",
        "\"tags\":[\"serve\"]");
  }

  @Test
  void records() throws IOException {
    Path shard = folder.resolve("shard");
    Feature text =
        Feature.newBuilder()
            .setBytesList(BytesList.newBuilder().addValue(ByteString.copyFromUtf8("a dog")))
            .build();
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 3; i++) {
        Features features = Features.newBuilder().putFeature("txt", text).build();
        writer.write(Example.newBuilder().setFeatures(features).build().toByteArray());
      }
      writer.commit();
    }

    assertListed(inspect(shard), "TFRecord", "records        3", "txt");
    Files.write(shard, Arrays.copyOf(Files.readAllBytes(shard), 70));
    assertListed(inspect(shard), "damage", "records        1");
  }

  @Test
  void weightsOfOtherModelsAreNamed() throws IOException {
    assertTold("BLIP-2", "qformer.encoder.weight", "vision_model.x", "language_model.x");
    assertTold("CLIP weights", "text_model.x", "vision_model.pre_layrnorm.weight");
    assertTold("OpenAI CLIP", "visual.transformer.resblocks.0.x", "transformer.resblocks.0.x");
    assertTold("BERT", "bert.embeddings.x");
  }

  @Test
  void aRunIsListed() throws IOException {
    Path run = Files.createDirectories(folder.resolve("run/checkpoints")).getParent();
    Files.createFile(run.resolve("checkpoints/step-7.index"));
    Files.writeString(run.resolve("metrics.jsonl"), "{\"step\":7}\n", StandardCharsets.UTF_8);
    assertListed(inspect(run), "kind           run", "{\"step\":7}", "[step-7]");
  }

  @Test
  void aFolderOfShardsIsListed() throws IOException {
    Path shards = Files.createDirectory(folder.resolve("shards"));
    for (int shard = 0; shard < 2; shard++) {
      Path file = shards.resolve("web-0000%d-of-00002.tfrecord".formatted(shard));
      try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
        writer.write(Example.getDefaultInstance().toByteArray());
        writer.commit();
      }
    }
    assertListed(
        inspect(shards), "kind           TFRecord", "shards         2", "records        2");
  }

  @Test
  void anAdapterIsNoModelAndSaysWhatToDo() throws IOException {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    Files.writeString(adapter.resolve("adapter_config.json"), "{}", StandardCharsets.UTF_8);
    Files.createFile(adapter.resolve("adapter_model.safetensors"));
    assertMistake("is a LoRA adapter", adapter);
    Path photo = Files.write(folder.resolve("photo.jpg"), TinyModel.image(1, "jpg"));
    CliRun caption = CliRun.of("caption", "--model", adapter.toString(), photo.toString());
    assertEquals(2, caption.status());
    assertTrue(caption.err().contains("merge it into its base model first"), caption.err());
  }

  @Test
  void theCurvesOfARunAreDrawn() throws IOException {
    Path run = Files.createDirectories(folder.resolve("drawn"));
    StringBuilder metrics = new StringBuilder();
    for (int step = 10; step <= 1000; step += 10) {
      metrics.append(
          ("{\"step\":%d,\"learning_rate\":0.25,\"loss\":%d,\"loss_itm\":%d,\"itm_accuracy\":0.5,"
                  + "\"gradient_norm\":1.5,\"gradient_norm/vision\":1,\"itm_baseline\":0.75}%n")
              .formatted(step, 1010 - step, step % 20));
    }
    Path file = run.resolve("metrics.jsonl");
    Files.writeString(file, metrics + "{\"step\":1000,\"validation/cider\":0.5}\n{\"step\":10");

    CliRun drawn = inspect(run);

    assertListed(
        drawn,
        "loss  10 at the last step\n1,000 │⠉⠉⠒⠒⠢⠤⠤⣀⣀⣀⡀\n      │          ⠈⠉⠉⠒",
        "\n   10 │",
        "\n       10                                                         1,000\n",
        "itm_accuracy  0.5000 at the last step, ┈ 0.7500\n0.7500 │┈┈┈┈",
        "learning_rate  0.2500 at",
        "gradient_norm  1.500 at",
        "validation/cider  0.5000 at");
    assertFalse(drawn.out().contains("gradient_norm/vision  "), drawn.out());
    assertTrue(drawn.out().lines().skip(4).allMatch(line -> line.length() <= 80), drawn.out());
    String falling = drawn.out().lines().filter(line -> line.contains("10 │")).findFirst().get();
    assertTrue(falling.endsWith("⠒⠢⠤⠤⣀⣀"), falling);
    CliRun json = inspect(run, "--json");
    assertListed(json, "\"curve\":\"validation/cider\"", "\"steps\":[1000]", "\"values\":[0.5]");

    Files.writeString(file, "{\"step\":1\n{\"step\":2}\n");
    assertEquals(2, inspect(run).status());
    assertTrue(inspect(run).err().contains("metrics.jsonl:1 is damaged"), inspect(run).err());
  }

  private void assertTold(String what, String... names) throws IOException {
    Path file = folder.resolve("other.safetensors");
    SafetensorsWriter.write(
        file,
        List.of(names).stream()
            .map(name -> new SafetensorsWriter.Floats(name, Shape.of(1), () -> new float[1]))
            .toList());
    assertListed(inspect(file), what);
    CliRun run = CliRun.of("convert", file.toString(), folder.resolve("x").toString());
    assertEquals(2, run.status());
    assertTrue(run.err().contains(what), run.err());
  }

  @Test
  void whatCannotBeReadIsToldInOneLine() throws IOException {
    assertMistake("no such file", folder.resolve("absent"));
    assertMistake("posix.system", CONTAINERS.resolve("refuse_code.pth"));
    assertMistake("cut off", CONTAINERS.resolve("truncated.safetensors"));
    Path page = folder.resolve("model.safetensors");
    Files.writeString(page, "<html>not found</html>", StandardCharsets.UTF_8);
    assertMistake("web page", page);
    assertMistake("empty", Files.createFile(folder.resolve("nothing")));
  }

  private static void assertMistake(String words, Path path) {
    CliRun run = inspect(path);
    assertEquals(2, run.status(), run.out());
    assertEquals("", run.out());
    assertTrue(run.err().contains(words), run.err());
  }
}
