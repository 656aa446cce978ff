package org.blip4j.savedmodel.open;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.WeightExporter;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublishedDescriptionTest {
  private static final String HEADS = "\"vision_heads\": 4, \"text_heads\": 4";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    ModelSource.Folder model = TinyModel.write(folder.resolve("m"), Task.CAPTION);
    file = Files.createDirectory(folder.resolve("w")).resolve("model.safetensors");
    WeightExporter.write(
        TensorBundleReader.open(model.folder().variables()), PublishedForm.OFFICIAL, file);
    TinyModel.vocabulary().write(file.resolveSibling("vocab.txt"));
  }

  private PublishedDescription describe(Optional<Path> config) throws IOException {
    try (WeightFile weights = WeightFile.open(file)) {
      return PublishedDescription.of(weights, new ModelSource.Published(file, config));
    }
  }

  private Path config(String json) throws IOException {
    return Files.writeString(folder.resolve("c.json"), json);
  }

  private String refusal(Optional<Path> config) {
    return assertThrows(IOException.class, () -> describe(config)).getMessage();
  }

  @Test
  void aCopyOfTheHubSaysWhereItCameFrom() throws IOException {
    Optional<Path> heads = Optional.of(config("{" + HEADS + "}"));
    assertEquals(
        new ModelConfig.Provenance(file.toString(), "published", "unknown", 0),
        describe(heads).model().config().provenance());
    try (WeightFile weights = WeightFile.open(file)) {
      Path copy = Files.createDirectories(folder.resolve("snapshots/82a3760"));
      ModelSource.Published hub =
          new ModelSource.Published(
              file, heads, ModelSource.Published.ofHub("hf:a/b", copy, heads).provenance());
      assertEquals(
          new ModelConfig.Provenance("hf:a/b", "published", "82a3760", 0),
          PublishedDescription.of(weights, hub).model().config().provenance());
    }
  }

  @Test
  void headsThatNoTensorTellsAreAskedFor() throws IOException {
    assertTrue(refusal(Optional.empty()).contains("vision heads"), refusal(Optional.empty()));

    ServingModel model = describe(Optional.of(config("{" + HEADS + "}"))).model();

    BlipConfig tiny = BlipConfig.tiny();
    assertEquals(Task.CAPTION, model.config().task());
    assertEquals(tiny.vision(), model.config().architecture().vision());
    assertEquals(tiny.text().withDropout(0.1), model.config().architecture().text());
    assertEquals(TinyModel.vocabulary().tokens(), model.vocabulary().tokens());
  }

  @Test
  void aConfigurationBesideTheFileIsTaken() throws IOException {
    Path beside = file.resolveSibling("config.json");
    Files.writeString(beside, "{\"unrelated\": 1}");
    assertTrue(refusal(Optional.empty()).contains("vision heads"));
    Files.writeString(beside, "{" + HEADS + ", \"image_size\": 64}");
    assertEquals(
        64, describe(Optional.empty()).model().config().architecture().vision().imageSize());
    Files.copy(folder.resolve("m/config.json"), folder.resolve("ours.json"));
    assertEquals(
        BlipConfig.tiny(),
        describe(Optional.of(folder.resolve("ours.json"))).model().config().architecture());
  }

  @Test
  void whatDoesNotAgreeIsRefusedByName() throws IOException {
    String wrong = refusal(Optional.of(config("{" + HEADS + ", \"text_width\": 48}")));
    assertTrue(wrong.contains("text_width is 48, but the tensors are of 32"), wrong);
    String misspelt = refusal(Optional.of(config("{\"vision_haeds\": 4, \"text_heads\": 4}")));
    assertTrue(misspelt.contains("vision_haeds; did you mean vision_heads?"), misspelt);
    String start = refusal(Optional.of(config("{" + HEADS + ", \"dec_token_id\": 117}")));
    assertTrue(start.contains("[DEC]"), start);
    String empty = refusal(Optional.of(config("{}")));
    assertTrue(empty.contains("neither a configuration of ours"), empty);
    String clip = refusal(Optional.of(config("{\"model_type\": \"clip\"}")));
    assertTrue(clip.contains("this is CLIP"), clip);
  }
}
