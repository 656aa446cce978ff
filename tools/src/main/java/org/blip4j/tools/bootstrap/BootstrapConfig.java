package org.blip4j.tools.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;

/**
 * What bootstrapping is made of. A file needs to name only what differs from the published recipe
 * of each stage:
 *
 * <pre>{@code
 * {
 *   "human": ["human/*.tfrecord"],
 *   "web": ["web/*.tfrecord"],
 *   "pretrain": {"duration": {"batch": 64, "epochs": 0, "steps": 800}},
 *   "captioner": {},
 *   "filter": {},
 *   "capfilt": {"policy": {"threshold": 0.5}},
 *   "capfiltBatch": 32
 * }
 * }</pre>
 *
 * @param human shards whose texts people wrote for their images; never filtered
 * @param web shards whose texts are noisy
 * @param pretrain how the first and every new model are pre-trained, from scratch and with the same
 *     seed
 * @param captioner how the captioner is fine-tuned on the human set
 * @param filter how the filter is fine-tuned on the human set
 * @param capfilt what is written and kept
 * @param capfiltBatch images that are captioned and filtered at once; the result does not depend on
 *     it
 */
public record BootstrapConfig(
    List<String> human,
    List<String> web,
    RunConfig pretrain,
    RunConfig captioner,
    RunConfig filter,
    CapFiltSettings capfilt,
    int capfiltBatch) {
  private static final long SEED = 1;
  private static final int BATCH = 32;

  /** Refuses missing parts and stages for another task. */
  public BootstrapConfig {
    human = ImmutableList.copyOf(human);
    web = ImmutableList.copyOf(web);
    if (human.isEmpty() || web.isEmpty()) {
      throw new IllegalArgumentException(
          "human has %d patterns and web %d; both need shards".formatted(human.size(), web.size()));
    }
    require("pretrain", pretrain, Task.PRETRAIN);
    require("captioner", captioner, Task.CAPTION);
    require("filter", filter, Task.RETRIEVAL);
    Objects.requireNonNull(capfilt, "capfilt is missing");
    if (capfiltBatch < 1) {
      throw new IllegalArgumentException("capfiltBatch is " + capfiltBatch + "; use 1 or more");
    }
  }

  private static void require(String name, RunConfig run, Task task) {
    Objects.requireNonNull(run, name + " is missing");
    if (run.task() != task) {
      throw new IllegalArgumentException(
          "%s.task is %s; it must be %s".formatted(name, run.task(), task));
    }
  }

  /**
   * What the command line changes in all stages.
   *
   * @param seed of everything random
   * @param batch pairs in a step of training, and images captioned at once
   */
  public record Changes(OptionalLong seed, OptionalInt batch) {
    /** None. */
    public static final Changes NONE = new Changes(OptionalLong.empty(), OptionalInt.empty());
  }

  /**
   * Reads a file; paths in it are relative to it.
   *
   * @throws IllegalArgumentException in one line that names the key, if it is no such configuration
   */
  public static BootstrapConfig read(Path file, Changes changes) throws IOException {
    return new Reader(file, changes).read();
  }

  private record Reader(Path file, Changes changes) {
    /** The file as written, with the stages still open. */
    private record Written(
        List<String> human,
        List<String> web,
        JsonNode pretrain,
        JsonNode captioner,
        JsonNode filter,
        JsonNode capfilt,
        int capfiltBatch) {}

    BootstrapConfig read() throws IOException {
      String text;
      try {
        text = Files.readString(file, StandardCharsets.UTF_8);
      } catch (NoSuchFileException e) {
        throw new IOException("configuration " + file + " does not exist", e);
      }
      JsonNode tree = ConfigJson.tree(text, file.toString());
      if (tree instanceof ObjectNode object) {
        completed(object);
      }
      Written written = ConfigJson.convert(tree, file.toString(), Written.class);
      return new BootstrapConfig(
          resolved(written.human()),
          resolved(written.web()),
          stage(Task.PRETRAIN, written.pretrain(), "pretrain"),
          stage(Task.CAPTION, written.captioner(), "captioner"),
          stage(Task.RETRIEVAL, written.filter(), "filter"),
          capfilt(written),
          changes.batch().orElse(written.capfiltBatch()));
    }

    /** What is left out is the published recipe's. */
    private static void completed(ObjectNode tree) {
      for (String stage : List.of("pretrain", "captioner", "filter", "capfilt")) {
        if (!tree.has(stage)) {
          tree.putObject(stage);
        }
      }
      if (!tree.has("capfiltBatch")) {
        tree.put("capfiltBatch", BATCH);
      }
    }

    private CapFiltSettings capfilt(Written written) {
      TextSettings texts = TextSettings.published();
      ObjectNode tree = (ObjectNode) ConfigJson.tree(CapFiltSettings.published(texts, SEED));
      merge(tree, object(written.capfilt(), "capfilt"));
      CapFiltSettings settings =
          ConfigJson.convert(tree, file + ", capfilt", CapFiltSettings.class);
      return changes.seed().isPresent() ? settings.withSeed(changes.seed().getAsLong()) : settings;
    }

    private RunConfig stage(Task task, JsonNode recipe, String name) {
      RunConfigReader reader = RunConfigReader.of(task);
      reader.changes(object(recipe, name), file + ", " + name, file.toAbsolutePath().getParent());
      changes.seed().ifPresent(seed -> reader.setting("seed", seed + "", "--seed " + seed));
      changes
          .batch()
          .ifPresent(
              batch -> reader.setting("duration.batch", batch + "", "--batch-size " + batch));
      return reader.config();
    }

    private ObjectNode object(JsonNode node, String name) {
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new IllegalArgumentException(
          file + ": " + name + " is not a JSON object; {} takes the published recipe");
    }

    private List<String> resolved(List<String> patterns) {
      Path folder = file.toAbsolutePath().getParent();
      return patterns.stream()
          .map(pattern -> folder.resolve(pattern).toString())
          .collect(ImmutableList.toImmutableList());
    }

    private static void merge(ObjectNode target, ObjectNode changes) {
      changes
          .properties()
          .forEach(
              change -> {
                JsonNode old = target.get(change.getKey());
                if (old instanceof ObjectNode part
                    && change.getValue() instanceof ObjectNode more) {
                  merge(part, more);
                } else {
                  target.set(change.getKey(), change.getValue());
                }
              });
    }
  }
}
