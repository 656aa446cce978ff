package org.blip4j.savedmodel.open;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

class ModelSourceTest {
  @TempDir private Path folder;

  private static String refusal(String name) {
    return assertThrows(IOException.class, () -> ModelSource.resolve(name)).getMessage();
  }

  @Test
  void whatCannotBeRunIsTold() throws IOException {
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> ModelSource.resolve("hf:x"))
            .getMessage()
            .contains("hf:OWNER/NAME"));
    assertTrue(refusal(folder.resolve("absent").toString()).contains("no such file or folder"));
    assertTrue(refusal(folder.toString()).contains("empty folder"));
    Files.writeString(folder.resolve("config.json"), "{}");
    String incomplete = refusal(folder.toString());
    assertTrue(incomplete.contains("vocab.txt, variables.index"), incomplete);
  }

  @Test
  void aRunStandsForItsModel() throws IOException {
    TinyModel.write(folder.resolve("run/model"), Task.CAPTION);

    assertEquals(
        ModelSource.resolve(folder.resolve("run/model").toString()),
        ModelSource.resolve(folder.resolve("run").toString()));
  }

  @Test
  void theNewestExportedVersionIsTaken() throws IOException {
    for (String version : new String[] {"9", "10", "partial-3"}) {
      Files.createDirectories(folder.resolve(version));
      Files.createFile(folder.resolve(version).resolve("saved_model.pb"));
    }

    assertEquals(
        new ModelSource.Exported(folder.resolve("10")), ModelSource.resolve(folder.toString()));
    assertEquals(
        new ModelSource.Exported(folder.resolve("9")),
        ModelSource.resolve(folder.resolve("9").toString()));
  }

  @Test
  void aConfigurationIsForPublishedWeightsAlone() throws IOException {
    Path file = Files.createFile(folder.resolve("model.safetensors"));
    Optional<Path> config = Optional.of(Path.of("config.json"));

    assertEquals(
        new ModelSource.Published(file, config), ModelSource.resolve(file.toString(), config));
    assertEquals(
        new ModelSource.Published(folder, Optional.empty()),
        ModelSource.resolve(folder.toString()));
    TinyModel.write(folder.resolve("m"), Task.CAPTION);
    assertThrows(
        IOException.class, () -> ModelSource.resolve(folder.resolve("m").toString(), config));
  }

  @Test
  void everyWeightThatDoesNotFitIsNamed() throws IOException {
    ModelSource.Folder source = TinyModel.write(folder.resolve("m"), Task.RETRIEVAL);
    TensorBundleReader whole = TensorBundleReader.open(source.folder().variables());
    Path damaged = folder.resolve("damaged");
    try (TensorBundleWriter writer = TensorBundleWriter.create(damaged)) {
      for (var variable : whole.variables().values()) {
        float[] values = whole.floats(variable.name());
        if (variable.name().equals("itm_head/bias")) {
          writer.add(variable.name(), Shape.of(1, 2), values);
        } else if (!variable.name().equals("text_proj/bias")
            && !variable.name().equals("visual_encoder/pos_embed")) {
          writer.add(variable.name(), variable.shape(), values);
        }
      }
      writer.finish();
    }
    for (String ending : new String[] {".index", ".data-00000-of-00001"}) {
      Files.delete(folder.resolve("m/variables" + ending));
      Files.move(folder.resolve("damaged" + ending), folder.resolve("m/variables" + ending));
    }

    String message =
        assertThrows(IOException.class, () -> Predictor.open(source, PredictorOptions.defaults()))
            .getMessage();

    assertTrue(message.contains("3 of "), message);
    assertTrue(message.contains("text_proj/bias is missing"), message);
    assertTrue(message.contains("visual_encoder/pos_embed is missing"), message);
    assertTrue(message.contains("itm_head/bias has shape [1, 2], not [2]"), message);
  }

  @Test
  void aModelHasTheSignaturesOfItsTask() throws IOException {
    try (Predictor filter =
            Predictor.open(
                TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL),
                PredictorOptions.defaults());
        Predictor captioner =
            Predictor.open(
                TinyModel.write(folder.resolve("captioner"), Task.CAPTION),
                PredictorOptions.defaults())) {
      for (ServingSignature signature : ServingSignature.values()) {
        assertEquals(signature.supportedBy(Task.RETRIEVAL), filter.has(signature));
        assertEquals(signature.supportedBy(Task.CAPTION), captioner.has(signature));
      }
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> filter.caption(List.of(TinyModel.image(1, "png"))));
      assertTrue(refused.getMessage().contains("no signature caption"), refused.getMessage());
    }
  }
}
