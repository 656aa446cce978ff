package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The files {@code grads_N} and {@code state_after_N} of a pre-training golden, compared by the
 * rule of its README: AdamW divides by the gradient's own size, so an element whose gradient is
 * rounding noise is held to a wide bound and all others to a strict one.
 *
 * @param golden the golden
 * @param rows takes the outcome
 */
record StepFiles(Golden golden, RowSink rows) {

  /** Compares all gradients of a step and returns the expected ones. */
  GoldenTensors checkGradients(int step, Map<String, Values> computed, List<String> trainables)
      throws IOException {
    String file = "grads_" + step;
    GoldenTensors expected = GoldenTensors.read(golden.file(file + ".safetensors"));
    Tolerance tolerance = Tolerance.parse(file, of(file));
    for (String name : expected.names()) {
      rows.accept(
          TensorCheck.compare(
              golden.name(),
              file + "/" + name,
              computed.get("grad." + name),
              expected.get(name),
              tolerance));
    }
    refuseOthers(file, expected.names(), trainables);
    return expected;
  }

  /** Compares the whole state after a step. */
  void checkState(int step, Map<String, Values> state, List<GoldenTensors> gradients)
      throws IOException {
    String file = "state_after_" + step;
    GoldenTensors expected = GoldenTensors.read(golden.file(file + ".safetensors"));
    JsonNode rule = of(file);
    for (String name : expected.names()) {
      Values wanted = expected.get(name);
      double[] bounds = new double[wanted.data().length];
      if (gradients.get(0).names().contains(name)) {
        parameterBounds(bounds, name, rule, gradients);
      } else if (name.endsWith("_queue")) {
        Arrays.fill(bounds, absolute(rule, "queues"));
      } else if (!name.endsWith("queue_ptr")) {
        Arrays.fill(bounds, absolute(rule, "momentum_parameters"));
      }
      rows.accept(
          TensorCheck.compare(golden.name(), file + "/" + name, state.get(name), wanted, bounds));
    }
    refuseOthers(file, expected.names(), state.keySet());
  }

  private static void parameterBounds(
      double[] bounds, String name, JsonNode rule, List<GoldenTensors> gradients)
      throws IOException {
    double strict = absolute(rule, "parameters_strict");
    double elsewhere = absolute(rule, "parameters_elsewhere") * gradients.size() + strict;
    Arrays.fill(bounds, strict);
    for (GoldenTensors step : gradients) {
      Values gradient = step.get(name);
      double noise = Math.max(1e-6, 1e-3 * gradient.largest());
      for (int i = 0; i < bounds.length; i++) {
        if (!(Math.abs(gradient.data()[i]) > noise)) {
          bounds[i] = elsewhere;
        }
      }
    }
  }

  private void refuseOthers(String file, Set<String> expected, Iterable<String> ours) {
    Set<String> surplus = new HashSet<>();
    ours.forEach(surplus::add);
    surplus.removeAll(expected);
    for (String name : surplus) {
      rows.accept(
          CheckRow.failed(golden.name(), file + "/" + name, "is ours, but not in the golden"));
    }
  }

  private JsonNode of(String file) throws IOException {
    for (Map.Entry<String, JsonNode> entry : golden.cases().path("tolerance").properties()) {
      if (entry.getKey().contains(file + ".safetensors")) {
        return entry.getValue();
      }
    }
    throw new IOException("cases.json states no tolerance for " + file);
  }

  private static double absolute(JsonNode rule, String part) throws IOException {
    JsonNode absolute = rule.path(part).path("absolute");
    if (!absolute.isNumber()) {
      throw new IOException("cases.json states no tolerance for " + part);
    }
    return absolute.doubleValue();
  }
}
