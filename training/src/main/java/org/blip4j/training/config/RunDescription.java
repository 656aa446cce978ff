package org.blip4j.training.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.blip4j.data.pipeline.DataIndex;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.StartingModel;
import org.tensorflow.TensorFlow;

/**
 * The {@code config.json} of a run folder.
 *
 * @param version of this program
 * @param commit of this program
 * @param tensorflow version of the library
 * @param data the shards
 * @param fingerprint of names, sizes and counts of the shards
 * @param pairs in all of them
 * @param init the model that the run started from
 * @param config what the run computes, nothing left open
 * @see RunConfig
 */
public record RunDescription(
    String version,
    String commit,
    String tensorflow,
    List<String> data,
    String fingerprint,
    long pairs,
    Optional<Start> init,
    RunConfig config) {

  /**
   * The model that a run started from.
   *
   * @param path how it was named
   * @param fingerprint of names and shapes of its tensors, and of the content of small ones
   */
  public record Start(String path, String fingerprint) {
    /** Norms and biases: two trainings never end with the same ones. */
    private static final long SMALL = 4096;

    static Start of(StartingModel model) throws IOException {
      Hasher hasher = Hashing.sha256().newHasher();
      try (WeightFile file = model.weights().open()) {
        for (StoredTensor tensor : new TreeMap<>(file.tensors()).values()) {
          hasher.putUnencodedChars(tensor.name()).putUnencodedChars(tensor.shape().toString());
          if (tensor.shape().size() <= SMALL && !tensor.type().isInteger()) {
            for (float value : tensor.floats()) {
              hasher.putFloat(value);
            }
          }
        }
      }
      return new Start(model.name(), hasher.hash().toString());
    }
  }

  /** Copies the list. */
  public RunDescription {
    data = ImmutableList.copyOf(Objects.requireNonNull(data, "data is missing"));
    Objects.requireNonNull(fingerprint, "fingerprint is missing");
    Objects.requireNonNull(config, "config is missing");
  }

  /**
   * Describes a run.
   *
   * @param index of its data
   */
  public static RunDescription of(RunPlan plan, DataIndex index) throws IOException {
    RunInputs inputs = plan.inputs();
    Optional<Start> init = Optional.empty();
    if (inputs.init().isPresent()) {
      init = Optional.of(Start.of(inputs.init().get()));
    }
    return new RunDescription(
        inputs.version(),
        inputs.commit(),
        TensorFlow.version(),
        inputs.data().describe(),
        index.fingerprint(),
        index.items(),
        init,
        plan.config());
  }

  /**
   * The configuration in a tree that was written from a description; empty in any other. Earlier
   * versions wrote the fields of all tasks into it; those of others are left out.
   */
  static Optional<ObjectNode> configOf(ObjectNode tree) {
    if (!tree.has("tensorflow") || !(tree.get("config") instanceof ObjectNode config)) {
      return Optional.empty();
    }
    ObjectNode own = config.deepCopy();
    if (!own.path("task").asText().equals(Task.RETRIEVAL.name())) {
      own.remove("identity");
    }
    if (own.path("task").asText().equals(Task.CAPTION.name())) {
      own.remove("alphaRamp");
      if (own.get("objective") instanceof ObjectNode objective) {
        objective.retain("labelSmoothing");
      }
    }
    return Optional.of(own);
  }

  /**
   * Checks that a run may be continued by another one: its length, the parts of its batch, whether
   * it computes again and what it logs and keeps may differ, and where data and model lie; not what
   * they are.
   *
   * @throws IllegalArgumentException naming what differs
   */
  public void requireContinuable(RunDescription now, Path folder) {
    List<String> found = new ArrayList<>();
    compare("", comparable(config), comparable(now.config), found);
    refuse(folder, "another configuration", found);
    compareData(now, found);
    refuse(folder, "other data", found);
    if (!init.map(Start::fingerprint).equals(now.init.map(Start::fingerprint))) {
      found.add(
          "init is %s, was %s"
              .formatted(
                  now.init.map(Start::path).orElse("left out"),
                  init.map(Start::path).orElse("left out")));
    }
    refuse(folder, "another model", found);
  }

  /**
   * A number that differs for runs that do not compute the same, step for step; where the data and
   * the vocabulary lie does not count.
   */
  public long identity() {
    ObjectNode tree = (ObjectNode) ConfigJson.tree(config);
    tree.remove("vocabulary");
    return Hashing.sha256()
        .newHasher()
        .putUnencodedChars(tree.toString())
        .putUnencodedChars(fingerprint)
        .putUnencodedChars(init.map(Start::fingerprint).orElse(""))
        .putUnencodedChars(tensorflow)
        .hash()
        .asLong();
  }

  private static void refuse(Path folder, String what, List<String> differences) {
    if (!differences.isEmpty()) {
      throw new IllegalArgumentException(
          "%s was started with %s (%s); give the same one, choose another folder, or allow overwriting"
              .formatted(folder, what, String.join("; ", differences)));
    }
  }

  private void compareData(RunDescription now, List<String> found) {
    if (fingerprint.equals(now.fingerprint)) {
      return;
    }
    if (data.size() != now.data.size()) {
      found.add("%d shards, were %d".formatted(now.data.size(), data.size()));
    } else if (!data.equals(now.data)) {
      int i = 0;
      while (data.get(i).equals(now.data.get(i))) {
        i++;
      }
      found.add("shard %d is %s, was %s".formatted(i, now.data.get(i), data.get(i)));
    } else {
      found.add("the same shards have another content");
    }
    if (pairs != now.pairs) {
      found.add("%,d pairs, were %,d".formatted(now.pairs, pairs));
    }
  }

  private static ObjectNode comparable(RunConfig config) {
    ObjectNode tree = (ObjectNode) ConfigJson.tree(config);
    tree.remove(List.of("keeping", "vocabulary"));
    ((ObjectNode) tree.get("duration"))
        .remove(List.of("epochs", "steps", "accumulate", "recompute"));
    return tree;
  }

  private static void compare(String path, JsonNode before, JsonNode now, List<String> found) {
    if (before.isObject() && now.isObject()) {
      TreeSet<String> names = new TreeSet<>();
      before.properties().stream().map(Map.Entry::getKey).forEach(names::add);
      now.properties().stream().map(Map.Entry::getKey).forEach(names::add);
      for (String name : names) {
        compare(path + "." + name, before.path(name), now.path(name), found);
      }
    } else if (!before.equals(now)) {
      found.add("%s is %s, was %s".formatted(path.substring(1), told(now), told(before)));
    }
  }

  private static String told(JsonNode value) {
    return value.isMissingNode() ? "left out" : value.toString();
  }
}
