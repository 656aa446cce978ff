package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.decode.ScoreProcessors;
import org.blip4j.ops.decode.Warping;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One step of nucleus sampling in every setting: the scores that are left, their probabilities and
 * how many there are.
 *
 * @param machine devices, threads and kernels
 */
record SamplingChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    GoldenTensors inputs = GoldenTensors.read(golden.file("inputs.safetensors"));
    Map<String, Operand<?>> fetches = new LinkedHashMap<>();
    Map<Operand<?>, Values> feeds = new LinkedHashMap<>();
    JsonNode steps = golden.cases().path("steps");
    Map<String, Values> computed;
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      for (Map.Entry<String, JsonNode> step : steps.properties()) {
        String name = step.getKey();
        Values logits = inputs.get(name + ".logits");
        Values ids = inputs.get(name + ".ids");
        Operand<TFloat32> logitsIn = graph.floats("logits", -1, logits.shape()[1]);
        Operand<TInt64> idsIn = graph.longs("ids", -1, -1);
        feeds.put(logitsIn, logits);
        feeds.put(idsIn, ids);
        GraphContext ctx = graph.ctx().in(name);
        JsonNode settings = step.getValue().path("settings");
        Operand<TFloat32> processed =
            new ScoreProcessors(
                    settings.path("repetition_penalty").asDouble(1),
                    settings.path("min_length").asInt(0),
                    step.getValue().path("eos_token_id").asLong())
                .apply(ctx, logitsIn, idsIn, ctx.tf().constant((int) ids.shape()[1]));
        Operand<TFloat32> kept =
            new Warping(
                    settings.path("temperature").asDouble(1),
                    settings.path("top_k").asInt(0),
                    settings.path("top_p").asDouble(1))
                .apply(ctx, processed)
                .dense(ctx);
        fetches.put(name + ".scores", kept);
        fetches.put(name + ".probs", ctx.tf().nn.softmax(kept));
      }
      computed = graph.run(fetches, feeds);
    }
    computed.forEach(outputs::add);
    for (Map.Entry<String, JsonNode> step : steps.properties()) {
      Values kept = count(computed.get(step.getKey() + ".scores"));
      outputs.add(step.getKey() + ".kept", kept);
      String said = step.getValue().path("kept").toString();
      String found = Arrays.toString(kept.longs()).replace(" ", "");
      rows.accept(
          said.equals(found)
              ? CheckRow.passed(golden.name(), step.getKey() + " kept", 0, 0)
              : CheckRow.failed(
                  golden.name(), step.getKey() + " kept", found + ", cases.json says " + said));
    }
    outputs.report(rows);
  }

  private static Values count(Values scores) {
    int columns = (int) scores.shape()[1];
    double[] kept = new double[(int) scores.shape()[0]];
    for (int i = 0; i < scores.data().length; i++) {
      kept[i / columns] += Double.isInfinite(scores.data()[i]) ? 0 : 1;
    }
    return new Values(new long[] {kept.length}, kept);
  }
}
