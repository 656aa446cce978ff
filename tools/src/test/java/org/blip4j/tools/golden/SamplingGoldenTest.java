package org.blip4j.tools.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.decode.ScoreProcessors;
import org.blip4j.ops.decode.Warping;
import org.blip4j.savedmodel.weights.StoredTensor;
import org.blip4j.savedmodel.weights.WeightFile;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** One step of sampling against the published implementation: scores, probabilities, counts. */
final class SamplingGoldenTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "golden", "sampling");

  @Test
  void scoresAndProbabilitiesAreTheReferences() throws IOException {
    JsonNode steps =
        new ObjectMapper().readTree(FOLDER.resolve("cases.json").toFile()).path("steps");
    assertEquals(17, steps.size());
    try (WeightFile inputs = WeightFile.open(FOLDER.resolve("inputs.safetensors"));
        WeightFile outputs = WeightFile.open(FOLDER.resolve("outputs.safetensors"))) {
      for (Map.Entry<String, JsonNode> step : steps.properties()) {
        check(step.getKey(), step.getValue(), inputs, outputs);
      }
    }
  }

  private static void check(String name, JsonNode step, WeightFile inputs, WeightFile outputs)
      throws IOException {
    JsonNode s = step.path("settings");
    StoredTensor logits = inputs.tensors().get(name + ".logits");
    StoredTensor ids = inputs.tensors().get(name + ".ids");
    int length = Math.toIntExact(ids.shape().get(1));
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      GraphContext ctx = GraphContext.create(graph, Mode.INFER);
      Operand<TFloat32> raw =
          ctx.tf().constant(logits.shape(), DataBuffers.of(logits.floats(), true, false));
      Operand<TInt64> used =
          ctx.tf().constant(ids.shape(), DataBuffers.of(ids.longs(), true, false));
      Operand<TFloat32> processed =
          new ScoreProcessors(
                  s.path("repetition_penalty").doubleValue(),
                  s.path("min_length").intValue(),
                  step.path("eos_token_id").longValue())
              .apply(ctx, raw, used, ctx.tf().constant(length));
      Operand<TFloat32> scores =
          new Warping(
                  s.path("temperature").doubleValue(),
                  s.path("top_k").intValue(),
                  s.path("top_p").doubleValue())
              .apply(ctx, processed)
              .dense(ctx);
      try (Result result =
          session.runner().fetch(scores).fetch(ctx.tf().nn.softmax(scores)).run()) {
        float[] found = read(result, 0);
        compare(name, outputs.tensors().get(name + ".scores").floats(), found);
        compare(name, outputs.tensors().get(name + ".probs").floats(), read(result, 1));
        long[] kept = outputs.tensors().get(name + ".kept").longs();
        int width = found.length / kept.length;
        for (int row = 0; row < kept.length; row++) {
          long count = 0;
          for (int i = row * width; i < (row + 1) * width; i++) {
            count += Float.isInfinite(found[i]) ? 0 : 1;
          }
          assertEquals(kept[row], count, name);
        }
      }
    }
  }

  private static float[] read(Result result, int index) {
    TFloat32 tensor = (TFloat32) result.get(index);
    float[] values = new float[Math.toIntExact(tensor.size())];
    tensor.asRawTensor().data().asFloats().read(values);
    return values;
  }

  private static void compare(String name, float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length, name);
    for (int i = 0; i < expected.length; i++) {
      boolean close =
          expected[i] == actual[i] || Math.abs((double) expected[i] - actual[i]) <= 1e-4;
      assertTrue(close, name + " element " + i + ": " + expected[i] + ", was " + actual[i]);
    }
  }
}
