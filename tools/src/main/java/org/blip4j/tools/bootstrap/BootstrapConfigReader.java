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
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;

/**
 * Reads the configuration of bootstrapping. Each stage needs to name only what differs from the
 * published recipe of its task; paths are relative to the file.
 *
 * <pre>{@code
 * {
 *   "human": ["human/*.tfrecord"],
 *   "web": ["web/*.tfrecord"],
 *   "pretrain": {"duration": {"batch": 64, "epochs": 0, "steps": 800}},
 *   "captioner": {},
 *   "filter": {},
 *   "capfilt": {"policy": {"threshold": 0.5}}
 * }
 * }</pre>
 */
final class BootstrapConfigReader {
  private static final long SEED = 1;

  /** The file as written, with the stages still open. */
  private record Written(
      List<String> human,
      List<String> web,
      JsonNode pretrain,
      JsonNode captioner,
      JsonNode filter,
      JsonNode capfilt) {}

  private final Path file;

  private BootstrapConfigReader(Path file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException in one line that names the key, if it is no such configuration
   */
  static BootstrapConfig read(Path file) throws IOException {
    return new BootstrapConfigReader(file).read();
  }

  private BootstrapConfig read() throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new IOException("configuration " + file + " does not exist", e);
    }
    Written written = ConfigJson.parse(text, file.toString(), Written.class);
    ObjectNode capfilt = (ObjectNode) ConfigJson.tree(CapFiltSettings.published(SEED));
    merge(capfilt, object(written.capfilt(), "capfilt"));
    return new BootstrapConfig(
        resolved(written.human()),
        resolved(written.web()),
        stage(Task.PRETRAIN, written.pretrain(), "pretrain"),
        stage(Task.CAPTION, written.captioner(), "captioner"),
        stage(Task.RETRIEVAL, written.filter(), "filter"),
        ConfigJson.convert(capfilt, file + ", capfilt", CapFiltSettings.class));
  }

  private RunConfig stage(Task task, JsonNode changes, String name) {
    return RunConfigReader.of(task)
        .changes(object(changes, name), file + ", " + name, file.toAbsolutePath().getParent())
        .config();
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
              if (old instanceof ObjectNode part && change.getValue() instanceof ObjectNode more) {
                merge(part, more);
              } else {
                target.set(change.getKey(), change.getValue());
              }
            });
  }
}
