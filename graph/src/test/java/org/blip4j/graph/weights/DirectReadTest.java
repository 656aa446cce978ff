package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.blip4j.data.weights.SafetensorsWriter;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.data.weights.WeightLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;

/** Reading right into memory gives what reading into arrays gives. */
class DirectReadTest {
  @TempDir private Path folder;

  private static float[] direct(WeightImporter importer, VariableValues.Wanted variable)
      throws IOException {
    int size = Math.toIntExact(variable.shape().size());
    ByteBuffer memory =
        ByteBuffer.allocateDirect(size * Float.BYTES).order(ByteOrder.nativeOrder());
    importer.read(variable.name(), memory);
    float[] values = new float[size];
    memory.clear().order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
    return values;
  }

  @Test
  void everyVariableOfAModelAtOnce() throws IOException {
    WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, false);
    TinyWeights weights = TinyWeights.of(names, TinyWeights.captioning(17));
    try (WeightFile file = weights.write(folder.resolve("w.safetensors"))) {
      // Position embeddings are interpolated from another size.
      WeightImporter importer = WeightImporter.plan(file, names, TinyWeights.captioning(5));
      Map<String, float[]> read = new ConcurrentHashMap<>();
      importer.parallel(variable -> read.put(variable.name(), direct(importer, variable)));
      assertEquals(importer.variables().size(), read.size());
      for (VariableValues.Wanted variable : importer.variables()) {
        assertArrayEquals(
            importer.floats(variable.name()), read.get(variable.name()), variable.name());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 7", "7, 1", "64, 16", "65, 17", "63, 15", "130, 33", "3, 200"})
  void matricesOfAnySize(int rows, int columns) throws IOException {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Path path = folder.resolve("m.safetensors");
    SafetensorsWriter.write(
        path, List.of(new SafetensorsWriter.Floats("m", Shape.of(rows, columns), () -> values)));
    try (WeightFile file = WeightFile.open(path)) {
      ByteBuffer memory =
          ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
      WeightLayout.readTransposed(file.tensors().get("m"), memory);
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          int at = column * rows + row;
          assertEquals(values[row * columns + column], memory.getFloat(at * Float.BYTES));
        }
      }
    }
  }

  @Test
  void aFailureOfOneEndsAll() throws IOException {
    WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, false);
    TinyWeights weights = TinyWeights.of(names, TinyWeights.captioning(5));
    String twin = "text_decoder.cls.predictions.decoder.weight";
    float[] other = weights.values(twin).clone();
    other[5] += 1;
    weights.put(twin, weights.shape(twin), other);
    try (WeightFile file = weights.write(folder.resolve("w.safetensors"))) {
      WeightImporter importer = WeightImporter.plan(file, names, TinyWeights.captioning(5));
      String message =
          assertThrows(
                  WeightFileException.class,
                  () -> importer.parallel(variable -> direct(importer, variable)))
              .getMessage();
      assertTrue(message.contains("are one tensor in this model"), message);
    }
  }
}
