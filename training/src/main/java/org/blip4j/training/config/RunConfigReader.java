package org.blip4j.training.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;

/**
 * Reads a run's configuration: the published recipe of the task, changed by a JSON file, changed by
 * {@code path.to.field=value} settings.
 *
 * <p>A file needs to name only what differs. {@code schedule}, {@code alphaRamp} and {@code
 * duration} are replaced whole, all else field by field.
 */
public final class RunConfigReader {
  private static final Set<String> WHOLE =
      Set.of("schedule", "alphaRamp", "duration", "architecture", "textSettings");
  private static final String SETTINGS = "--set";

  private final Task task;
  private final ObjectNode tree;
  private String place = "the published recipe";

  private RunConfigReader(Task task) {
    this.task = task;
    this.tree = (ObjectNode) ConfigJson.tree(RunConfig.published(task));
  }

  /** Starts from the published recipe of a task. */
  public static RunConfigReader of(Task task) {
    return new RunConfigReader(task);
  }

  /**
   * Takes over what a file says; the {@code config.json} of a run folder is one, too.
   *
   * @throws IllegalArgumentException if it is not a JSON object of known keys
   */
  public RunConfigReader file(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      String reason = Files.exists(file) ? "cannot be read: " + e.getMessage() : "does not exist";
      throw new IOException("configuration " + file + " " + reason, e);
    }
    if (!(ConfigJson.tree(text, file.toString()) instanceof ObjectNode changes)) {
      throw new IllegalArgumentException(file + ": not a JSON object");
    }
    ObjectNode own = RunDescription.configOf(changes).orElse(changes);
    return changes(own, file.toString(), file.toAbsolutePath().getParent());
  }

  /**
   * Takes over changes.
   *
   * @param where named in errors
   * @param folder that a vocabulary's path is relative to
   */
  public RunConfigReader changes(ObjectNode changes, String where, Path folder) {
    place = where;
    merge(tree, changes);
    JsonNode vocabulary = tree.get("vocabulary");
    if (changes.has("vocabulary") && vocabulary instanceof TextNode name) {
      tree.put("vocabulary", folder.resolve(name.asText()).toString());
    }
    config();
    return this;
  }

  /**
   * Changes single fields.
   *
   * @param settings {@code path.to.field=value} each, the value in JSON or a plain word
   */
  public RunConfigReader settings(List<String> settings) {
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            SETTINGS + " " + setting + " is not path.to.field=value such as optimizer.clipNorm=1");
      }
      place = SETTINGS + " " + setting;
      set(List.of(setting.substring(0, equals).split("\\.", -1)), setting.substring(equals + 1));
    }
    config();
    return this;
  }

  /** The configuration. */
  public RunConfig config() {
    RunConfig config = ConfigJson.convert(tree, place, RunConfig.class);
    if (config.task() != task) {
      throw new IllegalArgumentException(
          "%s: task is %s; this command trains %s".formatted(place, config.task(), task));
    }
    return config;
  }

  private void set(List<String> path, String value) {
    ObjectNode node = tree;
    for (String name : path.subList(0, path.size() - 1)) {
      JsonNode child = node.get(name);
      if (child instanceof ObjectNode object) {
        node = object;
      } else if (child == null) {
        node.putObject(name);
        return;
      } else {
        throw new IllegalArgumentException(
            place
                + ": "
                + name
                + (child.isNull() ? " is not set" : " has no fields")
                + "; give it"
                + " as JSON, "
                + name
                + "={...}");
      }
    }
    node.set(path.get(path.size() - 1), parsed(value));
  }

  private static JsonNode parsed(String value) {
    try {
      JsonNode node = new JsonMapper().readTree(value);
      return node.isMissingNode() ? TextNode.valueOf(value) : node;
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(value);
    }
  }

  private static void merge(ObjectNode target, ObjectNode changes) {
    changes
        .properties()
        .forEach(
            change -> {
              JsonNode old = target.get(change.getKey());
              if (old instanceof ObjectNode object
                  && change.getValue() instanceof ObjectNode part
                  && !WHOLE.contains(change.getKey())) {
                merge(object, part);
              } else {
                target.set(change.getKey(), change.getValue());
              }
            });
  }
}
