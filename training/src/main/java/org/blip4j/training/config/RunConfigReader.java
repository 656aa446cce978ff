package org.blip4j.training.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.training.optimize.LearningRateSchedule;

/**
 * Reads a run's configuration: the published recipe of the task, changed by a JSON file, changed by
 * {@code path.to.field=value} settings.
 *
 * <p>What is left out is taken from the recipe, at any depth; parts of {@code architecture} and
 * {@code textSettings} from the model that the run starts from. Of {@code epochs} and {@code steps}
 * the one given replaces the other. {@code null} takes an optional field away ({@code cropScale},
 * {@code clipNorm}); so does 0, as earlier versions wrote it.
 *
 * <pre>{@code
 * RunConfig config =
 *     RunConfigReader.of(Task.PRETRAIN).file(path).settings(List.of("duration.batch=64")).config();
 * }</pre>
 */
public final class RunConfigReader {
  private static final ImmutableSet<String> LENGTHS = ImmutableSet.of("epochs", "steps");
  private static final ImmutableSet<String> ZERO_IS_NONE =
      ImmutableSet.of(
          "images.size",
          "images.cropScale",
          "optimizer.clipNorm",
          "duration.epochs",
          "duration.steps",
          "alphaRamp.epochs",
          "alphaRamp.steps");

  private final Task task;
  private final Optional<ModelConfig> start;
  private final ObjectNode tree;
  private final Map<String, ConfigJson.Place> sources = new LinkedHashMap<>();

  private RunConfigReader(Recipe recipe, Optional<ModelConfig> start) {
    this.task = recipe.task();
    this.start = start;
    this.tree = (ObjectNode) ConfigJson.tree(recipe.config(start.map(ModelConfig::architecture)));
    int positions =
        start.map(model -> model.architecture().text().maxPositions()).orElse(Integer.MAX_VALUE);
    if ((task == Task.NLVR || task == Task.DIALOGUE)
        && tree.path("text").path("maxTokens").asInt() > positions) {
      ((ObjectNode) tree.get("text")).put("maxTokens", positions); // published: not cut
    }
  }

  /** Starts from the published recipe of a task. */
  public static RunConfigReader of(Task task) {
    return of(task, Optional.empty());
  }

  /** The same for a run that starts from a model, whose architecture may be changed in part. */
  public static RunConfigReader of(Task task, Optional<ModelConfig> start) {
    return of(Recipe.of(task), start);
  }

  /** Starts from a recipe. */
  public static RunConfigReader of(Recipe recipe, Optional<ModelConfig> start) {
    return new RunConfigReader(recipe, start);
  }

  /**
   * Takes over what a file says; the {@code config.json} of a run folder is one, too.
   *
   * @throws IllegalArgumentException if it is not a JSON object of known keys
   */
  public RunConfigReader file(Path file) throws IOException {
    String text;
    try {
      text = ConfigJson.text(file);
    } catch (NoSuchFileException e) {
      throw new IOException("configuration " + file + " does not exist", e);
    }
    if (!(ConfigJson.tree(text, file.toString()) instanceof ObjectNode changes)) {
      throw new IllegalArgumentException(
          file + ": not a JSON object, {...}; the fields of a run are expected, such as duration");
    }
    Optional<ObjectNode> own = RunDescription.configOf(changes);
    String below = own.isPresent() ? "config." : "";
    if (own.isPresent() && changes.has("fingerprint")) {
      tree.removeAll(); // nothing of it is left out, what is not there is meant so
    }
    Map<String, Integer> lines = ConfigJson.lines(text);
    apply(
        own.orElse(changes),
        path -> new ConfigJson.Place(file.toString(), lines.getOrDefault(below + path, 0)),
        file.toAbsolutePath().getParent());
    config();
    return this;
  }

  /**
   * Takes over changes.
   *
   * @param where named in errors
   * @param folder that a vocabulary's path is relative to
   */
  public RunConfigReader changes(ObjectNode changes, String where, Path folder) {
    apply(changes, path -> new ConfigJson.Place(where, 0), folder);
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
            "setting %s is not path.to.field=value such as optimizer.clipNorm=1"
                .formatted(setting));
      }
      setting(setting.substring(0, equals), setting.substring(equals + 1), "setting " + setting);
    }
    config();
    return this;
  }

  /**
   * Changes one field, unchecked until {@link #config}.
   *
   * @param path such as {@code duration.batch}
   * @param value in JSON, or a plain word
   * @param option named in errors
   */
  public RunConfigReader setting(String path, String value, String option) {
    List<String> names = List.of(path.split("\\.", -1));
    ObjectNode changes = JsonNodeFactory.instance.objectNode();
    ObjectNode inner = changes;
    for (String name : names.subList(0, names.size() - 1)) {
      inner = inner.putObject(name);
    }
    inner.set(names.get(names.size() - 1), parsed(value));
    apply(changes, any -> new ConfigJson.Place(option, 0), Path.of("").toAbsolutePath());
    return this;
  }

  /** The configuration. */
  public RunConfig config() {
    JsonNode named = tree.get("task");
    if (!named.asText().equals(task.name()) && sources.containsKey("task")) {
      throw new IllegalArgumentException(
          "%s: task is %s; this command trains %s"
              .formatted(sources.get("task").text(), named.asText(), task));
    }
    return ConfigJson.convert(tree, this::source, RunConfig.class);
  }

  /** What set a field, or a field within it; what was set last if the whole is meant. */
  private ConfigJson.Place source(String path, String problem) {
    ConfigJson.Place last = null;
    ConfigJson.Place named = null;
    for (Map.Entry<String, ConfigJson.Place> entry : sources.entrySet()) {
      String set = entry.getKey();
      if (set.equals(path) || set.startsWith(path + ".") || path.startsWith(set + ".")) {
        last = entry.getValue();
      } else if (path.isEmpty()) {
        last = entry.getValue();
        String field = set.substring(set.lastIndexOf('.') + 1);
        named = problem.contains(field) ? entry.getValue() : named;
      }
    }
    if (named != null) {
      return named;
    }
    return last == null ? new ConfigJson.Place("the published recipe", 0) : last;
  }

  private void apply(ObjectNode changes, Function<String, ConfigJson.Place> place, Path folder) {
    ObjectNode own = changes.deepCopy();
    if (own.get("vocabulary") instanceof TextNode name) {
      own.put("vocabulary", folder.resolve(name.asText()).toString());
    }
    base(own, "architecture");
    base(own, "textSettings");
    merge(tree, own, "", place);
  }

  /** What parts of an architecture or of text settings are parts of. */
  private void base(ObjectNode changes, String name) {
    if (!(changes.get(name) instanceof ObjectNode) || tree.has(name)) {
      return;
    }
    if (name.equals("architecture")) {
      RunPlan.architecture(task, start).ifPresent(model -> tree.set(name, ConfigJson.tree(model)));
    } else {
      BlipConfig sizes = RunPlan.architecture(task, start).orElseGet(() -> BlipConfig.base(224));
      tree.set(name, ConfigJson.tree(RunPlan.textSettings(task, start, sizes)));
    }
  }

  private void merge(
      ObjectNode target,
      ObjectNode changes,
      String prefix,
      Function<String, ConfigJson.Place> place) {
    for (Map.Entry<String, JsonNode> change : changes.properties()) {
      String name = change.getKey();
      String path = prefix + name;
      JsonNode value = change.getValue();
      if (value.isNull() || (ZERO_IS_NONE.contains(path) && value.isNumber() && zero(value))) {
        takeAway(target, changes, name);
      } else if (value instanceof ObjectNode part) {
        ObjectNode into = target.get(name) instanceof ObjectNode object ? object : null;
        if (name.equals("schedule") && prefix.isEmpty() && into != null) {
          into = scheduleBase(into, part);
          target.set(name, into);
        }
        merge(into == null ? target.putObject(name) : into, part, path + ".", place);
      } else {
        if (LENGTHS.contains(name)) {
          LENGTHS.stream().filter(other -> !changes.has(other)).forEach(target::remove);
        }
        target.set(name, value);
      }
      if (!(value instanceof ObjectNode part) || part.isEmpty()) {
        sources.remove(path);
        sources.put(path, place.apply(path));
      }
    }
  }

  /** The recipe of another kind of schedule; its peak is that of the one before. */
  private static ObjectNode scheduleBase(ObjectNode before, ObjectNode changes) {
    JsonNode kind = changes.get("kind");
    if (kind == null || kind.equals(before.get("kind"))) {
      return before;
    }
    double peak = before.path("peak").asDouble(before.path("rate").asDouble());
    LearningRateSchedule other =
        switch (kind.asText()) {
          case "warmup-decay" -> new LearningRateSchedule.WarmupDecay(peak, 1e-6, 1e-6, 3000, 0.9);
          case "epoch-cosine" -> new LearningRateSchedule.EpochCosine(peak, 0);
          case "step-cosine" -> new LearningRateSchedule.StepCosine(peak, 0, 0);
          default -> new LearningRateSchedule.Constant(peak);
        };
    return (ObjectNode) ConfigJson.tree(other);
  }

  /** Of two lengths, none is taken away without the other being given. */
  private static void takeAway(ObjectNode target, ObjectNode changes, String name) {
    boolean length = LENGTHS.contains(name);
    boolean otherGiven = LENGTHS.stream().anyMatch(o -> !o.equals(name) && changes.has(o));
    if (!length || otherGiven) {
      target.remove(name);
    } else {
      target.set(name, changes.get(name));
    }
  }

  private static boolean zero(JsonNode value) {
    return value.asDouble() == 0;
  }

  private static JsonNode parsed(String value) {
    try {
      JsonNode node = new JsonMapper().readTree(value);
      return node.isMissingNode() ? TextNode.valueOf(value) : node;
    } catch (JsonProcessingException e) {
      return TextNode.valueOf(value);
    }
  }
}
