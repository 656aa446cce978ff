package org.blip4j.training.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.weights.StartingModel;
import org.tensorflow.TensorFlow;

/**
 * The {@code config.json} of a run folder.
 *
 * @param version of this program
 * @param commit of this program
 * @param tensorflow version of the library
 * @param data the shards
 * @param init the model that the run started from, or null
 * @param config what the run computes, nothing left open
 */
public record RunDescription(
    String version,
    String commit,
    String tensorflow,
    List<String> data,
    String init,
    RunConfig config) {

  public static RunDescription of(RunPlan plan) {
    RunInputs inputs = plan.inputs();
    return new RunDescription(
        inputs.version(),
        inputs.commit(),
        TensorFlow.version(),
        inputs.data().describe(),
        inputs.init().map(StartingModel::name).orElse(null),
        plan.config());
  }

  /** The configuration in a tree that was written from a description; empty in any other. */
  static Optional<ObjectNode> configOf(ObjectNode tree) {
    return tree.has("tensorflow") && tree.get("config") instanceof ObjectNode config
        ? Optional.of(config)
        : Optional.empty();
  }

  /**
   * Checks that a run may be continued with another configuration: only its length and what it logs
   * and keeps may differ.
   *
   * @throws IllegalArgumentException naming the fields that differ
   */
  public static void requireContinuable(RunConfig before, RunConfig now, Path folder) {
    List<String> differences = new ArrayList<>();
    compare("", comparable(before), comparable(now), differences);
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "%s was started with another configuration (%s); give the same one or another --out"
              .formatted(folder, String.join("; ", differences)));
    }
  }

  private static ObjectNode comparable(RunConfig config) {
    ObjectNode tree = (ObjectNode) ConfigJson.tree(config);
    tree.remove("keeping");
    ((ObjectNode) tree.get("duration")).remove(List.of("epochs", "steps"));
    return tree;
  }

  private static void compare(String path, JsonNode before, JsonNode now, List<String> found) {
    if (before.isObject() && now.isObject()) {
      for (Map.Entry<String, JsonNode> field : before.properties()) {
        JsonNode other = now.path(field.getKey());
        compare(path + "." + field.getKey(), field.getValue(), other, found);
      }
    } else if (!Objects.equals(before, now)) {
      found.add("%s is %s, was %s".formatted(path.substring(1), now, before));
    }
  }
}
