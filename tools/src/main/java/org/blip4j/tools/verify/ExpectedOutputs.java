package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The outputs that a golden expects. What was computed is added under the expected names; the
 * report then has one row for each expected tensor, missing ones included.
 */
final class ExpectedOutputs {
  private final Golden golden;
  private final JsonNode described;
  private final JsonNode tolerances;
  private final GoldenTensors expected;
  private final Map<String, Values> actual = new LinkedHashMap<>();

  ExpectedOutputs(Golden golden) throws IOException {
    this.golden = golden;
    JsonNode cases = golden.cases();
    this.described = byName(cases.path("outputs"));
    this.tolerances = cases.path("tolerance");
    this.expected = GoldenTensors.read(golden.file("outputs.safetensors"));
  }

  /** Older goldens have a list of outputs, each with its name. */
  private static JsonNode byName(JsonNode outputs) {
    if (!outputs.isArray()) {
      return outputs;
    }
    ObjectNode named = JsonNodeFactory.instance.objectNode();
    outputs.forEach(output -> named.set(output.path("name").asText(), output));
    return named;
  }

  /** What an output means, in words. */
  String described(String name) {
    return described.path(name).path("meaning").asText();
  }

  /** Adds what was computed. */
  void add(String name, Values values) {
    actual.put(name, values);
  }

  /** Adds what was computed, each under a prefix. */
  void addAll(String prefix, Map<String, Values> values) {
    values.forEach((name, value) -> add(prefix + name, value));
  }

  /** Whether the golden expects such a tensor. */
  boolean expects(String name) {
    return expected.names().contains(name);
  }

  /** Names of all expected tensors. */
  Set<String> names() {
    return expected.names();
  }

  /** An expected tensor, for its shape. */
  Values expected(String name) throws IOException {
    return expected.get(name);
  }

  /** An expected tensor, for the few that are inputs by their nature (drawn negatives). */
  Values given(String name) throws IOException {
    Values values = expected.get(name);
    actual.put(name, values);
    return values;
  }

  /** As stated; where nothing is, the ordinary ones: whole numbers exactly, losses closer. */
  private Tolerance tolerance(String name) throws IOException {
    if (!tolerances.isMissingNode()) {
      return Tolerance.of(tolerances, name);
    }
    return described.path(name).path("dtype").asText().startsWith("int")
        ? Tolerance.EXACT
        : name.equals("loss") ? Tolerance.LOSS : Tolerance.FORWARD;
  }

  /** Compares everything that is expected. */
  void report(RowSink rows) throws IOException {
    for (String name : expected.names()) {
      if (!described.has(name)) {
        rows.accept(CheckRow.failed(golden.name(), name, "is not described in cases.json"));
        continue;
      }
      rows.accept(
          TensorCheck.compare(
              golden.name(), name, actual.get(name), expected.get(name), tolerance(name)));
    }
    for (Map.Entry<String, JsonNode> entry : described.properties()) {
      String name = entry.getKey();
      if (!expects(name)) {
        rows.accept(CheckRow.failed(golden.name(), name, "is missing in outputs.safetensors"));
        continue;
      }
      String shape = entry.getValue().path("shape").toString().replaceAll("\\s", "");
      String stored = Arrays.toString(expected.get(name).shape()).replaceAll("\\s", "");
      if (!shape.equals(stored)) {
        rows.accept(
            CheckRow.failed(
                golden.name(), name, "has shape " + stored + ", cases.json says " + shape));
      }
    }
  }
}
