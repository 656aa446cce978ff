package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

class InitialWeightsTest extends GraphTest {
  @TempDir private Path folder;
  private ModelFolder model;

  @BeforeEach
  void writeModel() throws IOException {
    model = new ModelFolder(folder);
    try (TensorBundleWriter writer = TensorBundleWriter.create(model.variables())) {
      writer.add("text_encoder/kernel", Shape.of(2), new float[] {3, 4});
      writer.add("visual_encoder/pos_embed", Shape.of(1, 2, 1), new float[] {5, 6});
      writer.finish();
    }
  }

  private void want(String name, long... shape) {
    vars.create(name, Shape.of(shape), Initializer.zeros());
  }

  @Test
  void sharedTensorsTheTemperatureAndPositionsMayDiffer() throws IOException {
    want("text_decoder/bert/kernel", 2);
    want("temp");
    want("visual_encoder/pos_embed", 1, 5, 1);

    InitialWeights weights = InitialWeights.plan(model, vars.trainable());

    assertEquals(List.of("text_decoder/bert/kernel", "visual_encoder/pos_embed"), weights.names());
    assertArrayEquals(new float[] {3, 4}, weights.read("text_decoder/bert/kernel"));
    assertArrayEquals(new float[] {5, 6, 6, 6, 6}, weights.read("visual_encoder/pos_embed"), 1e-6f);
  }

  @Test
  void allThatDoesNotFitIsToldAtOnce() {
    want("text_decoder/bert/kernel", 3);
    want("itm_head/kernel", 2);
    want("visual_encoder/pos_embed", 1, 5, 2);

    String message =
        assertThrows(IOException.class, () -> InitialWeights.plan(model, vars.trainable()))
            .getMessage();

    assertEquals(
        folder
            + ": 3 of 3 weights do not fit this model: text_decoder/bert/kernel has shape [2], not"
            + " [3]; itm_head/kernel is missing; visual_encoder/pos_embed has shape [1, 2, 1], not"
            + " [1, 5, 2]",
        message);
  }
}
