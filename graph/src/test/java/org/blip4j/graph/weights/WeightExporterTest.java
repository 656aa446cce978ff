package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.Task;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

final class WeightExporterTest {
  private static final WeightNames SHARED = WeightNames.of(PublishedForm.OFFICIAL, true);
  private static final WeightNames SEPARATE = WeightNames.of(PublishedForm.OFFICIAL, false);

  @TempDir Path folder;

  @Test
  void bringsAnOfficialStateDictBackExactly() throws Exception {
    TinyWeights weights = TinyWeights.of(SHARED, TinyWeights.pretraining());
    for (String stack : List.of("text_encoder", "text_encoder_m", "text_decoder.bert")) {
      weights.put(stack + ".embeddings.position_ids", Shape.of(1, 20), new float[20]);
    }
    try (WeightFile before = weights.write(folder.resolve("before.safetensors"))) {
      TensorBundleReader checkpoint = checkpoint(before, SHARED, TinyWeights.pretraining());
      Path target = folder.resolve("after.safetensors");
      assertEquals(List.of(), WeightExporter.write(checkpoint, PublishedForm.OFFICIAL, target));
      try (WeightFile after = WeightFile.open(target)) {
        assertEquals(
            new TreeSet<>(before.tensors().keySet()), new TreeSet<>(after.tensors().keySet()));
        for (StoredTensor tensor : before.tensors().values()) {
          StoredTensor copy = after.tensors().get(tensor.name());
          assertEquals(tensor.shape(), copy.shape());
          if (!SHARED.skips(tensor.name())) {
            assertArrayEquals(tensor.doubles(), copy.doubles(), tensor.name());
          }
        }
        long[] ids = after.tensors().get("text_encoder.embeddings.position_ids").longs();
        assertEquals(19, ids[19]);
      }
    }
  }

  @Test
  void writesHuggingFaceNamesThatReadBackEqual() throws Exception {
    List<VariableValues.Wanted> variables = TinyWeights.captioning(5);
    TinyWeights weights = TinyWeights.of(SEPARATE, variables);
    try (WeightFile before = weights.write(folder.resolve("before.safetensors"))) {
      TensorBundleReader checkpoint = checkpoint(before, SEPARATE, variables);
      Path target = folder.resolve("model.safetensors");
      WeightExporter.write(checkpoint, PublishedForm.HUGGING_FACE, target);
      try (WeightFile after = WeightFile.open(folder)) {
        assertTrue(after.tensors().containsKey("vision_model.post_layernorm.weight"));
        assertTrue(after.tensors().containsKey("text_decoder.cls.predictions.decoder.weight"));
        assertFalse(after.tensors().containsKey("text_decoder.cls.predictions.decoder.bias"));
        WeightImporter again =
            WeightImporter.plan(after, WeightImporter.names(after, false), variables);
        assertEquals(List.of(), again.report().leftOver());
        for (VariableValues.Wanted variable : variables) {
          assertArrayEquals(checkpoint.floats(variable.name()), again.floats(variable.name()));
        }
      }
    }
  }

  @Test
  void refusesModelsThatHuggingFaceHasNoClassFor() throws Exception {
    TinyWeights weights = TinyWeights.of(SHARED, TinyWeights.pretraining());
    try (WeightFile file = weights.write(folder.resolve("before.safetensors"))) {
      TensorBundleReader checkpoint = checkpoint(file, SHARED, TinyWeights.pretraining());
      Path target = folder.resolve("model.safetensors");
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> WeightExporter.write(checkpoint, PublishedForm.HUGGING_FACE, target))
              .getMessage();
      assertTrue(message.contains("pre-training"), message);
    }
  }

  @Test
  void writesNoCheckpointWithHoles() throws Exception {
    TinyWeights weights = TinyWeights.of(SHARED, TinyWeights.pretraining()).remove("temp");
    try (WeightFile file = weights.write(folder.resolve("before.safetensors"))) {
      String message =
          assertThrows(
                  IllegalStateException.class,
                  () ->
                      StartingModel.plan(file, Task.PRETRAIN, TinyWeights.pretraining())
                          .writeCheckpoint(folder.resolve("variables")))
              .getMessage();
      assertTrue(message.contains("[temp]"), message);
    }
  }

  private TensorBundleReader checkpoint(
      WeightFile file, WeightNames names, List<VariableValues.Wanted> request) throws IOException {
    Path prefix = folder.resolve("variables");
    WeightImporter.plan(file, names, request).writeCheckpoint(prefix);
    return TensorBundleReader.open(prefix);
  }
}
