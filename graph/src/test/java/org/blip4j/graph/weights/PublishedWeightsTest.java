package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.weights.SafetensorsFile;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/** What wrappers put before the names of a state dict. */
final class PublishedWeightsTest {
  private static final List<VariableValues.Wanted> VARIABLES = TinyWeights.captioning(5);

  @TempDir private Path folder;

  private WeightFile open(TinyWeights weights) throws IOException {
    Path path = folder.resolve("weights.safetensors");
    weights.write(path).close();
    return PublishedWeights.open(path);
  }

  private static TinyWeights weights(PublishedForm form) {
    return TinyWeights.of(WeightNames.of(form, false), VARIABLES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"module.", "_orig_mod.", "model.", "module.model.", "net.student.blip."})
  void whatStandsBeforeAllNamesIsNoPartOfThem(String prefix) throws IOException {
    for (PublishedForm form : PublishedForm.values()) {
      TinyWeights plain = weights(form);
      try (WeightFile file = open(plain.after(prefix))) {
        WeightImporter importer =
            WeightImporter.plan(file, WeightImporter.names(file, false), VARIABLES);
        String bias = "text_decoder/bert/encoder/layer/0/output/dense/bias";
        assertArrayEquals(plain.values(bias.replace('/', '.')), importer.floats(bias));
        assertEquals(List.of(), importer.report().unknown());
        assertTrue(file.kind().contains(prefix), file.kind());
      }
    }
  }

  @Test
  void publishedNamesStayAsTheyAre() throws IOException {
    try (WeightFile file = open(weights(PublishedForm.OFFICIAL))) {
      assertInstanceOf(SafetensorsFile.class, file);
    }
  }

  @Test
  void tensorsOfSomethingElseBesideTheModelAreNamed() {
    TinyWeights mixed = weights(PublishedForm.OFFICIAL).after("model.");
    mixed.put("loss.weight", Shape.of(1), 1);
    String message = assertThrows(WeightFileException.class, () -> open(mixed)).getMessage();
    assertTrue(message.contains("'model.' before their names, 1 are not (loss.weight)"), message);
  }

  @Test
  void anotherModelIsCalledByItsName() throws IOException {
    TinyWeights clip = new TinyWeights();
    clip.put("text_model.x", Shape.of(1), 1).put("vision_model.y", Shape.of(1), 1);
    try (WeightFile file = open(clip)) {
      String message =
          assertThrows(WeightFileException.class, () -> WeightImporter.names(file, false))
              .getMessage();
      assertTrue(message.contains("BlipModel"), message);
    }
  }
}
