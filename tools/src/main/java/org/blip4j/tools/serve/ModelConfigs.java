package org.blip4j.tools.serve;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.data.file.TextFile;

/**
 * Which models to serve: given one by one, or in TensorFlow Serving's {@code model_config_list}.
 */
public final class ModelConfigs {
  private ModelConfigs() {}

  /**
   * A model.
   *
   * @param folder the base path, whose children with whole numbers for names are its versions
   * @param labels versions by label
   */
  public record Model(String name, Path folder, Policy policy, Map<String, Long> labels) {
    public Model {
      if (name.isEmpty() || name.contains("/") || name.contains(":")) {
        throw new IllegalArgumentException(
            "'" + name + "' is no name for a model; use one without / and :");
      }
      Objects.requireNonNull(folder, "folder");
      labels = Map.copyOf(labels);
    }

    /**
     * The version folders that are there now. As in TensorFlow Serving, a name is a whole number of
     * 64 bits, zeros in front included, and of two with one number the last by name counts.
     */
    NavigableMap<Long, Path> versions() {
      NavigableMap<Long, Path> versions = new TreeMap<>();
      try (Stream<Path> children = Files.list(folder)) {
        children
            .filter(Files::isDirectory)
            .sorted()
            .forEach(
                child ->
                    number(child.getFileName().toString())
                        .ifPresent(number -> versions.put(number, child)));
        return versions;
      } catch (IOException | UncheckedIOException e) {
        return new TreeMap<>(); // gone for the moment
      }
    }

    private static Optional<Long> number(String name) {
      try {
        return name.matches("-?[0-9]+") ? Optional.of(Long.parseLong(name)) : Optional.empty();
      } catch (NumberFormatException e) {
        return Optional.empty(); // larger than any
      }
    }

    /** A model whose newest version is served. */
    public static Model of(String name, Path folder) {
      return new Model(name, folder, Policy.NEWEST, Map.of());
    }
  }

  /**
   * Which versions are served.
   *
   * @param latest so many of the highest ones
   * @param specific these alone, if there are any
   */
  public record Policy(int latest, Set<Long> specific) {
    public static final Policy NEWEST = new Policy(1, Set.of());
    public static final Policy ALL = new Policy(Integer.MAX_VALUE, Set.of());

    Set<Long> choose(NavigableSet<Long> present) {
      if (!specific.isEmpty()) {
        return present.stream().filter(specific::contains).collect(Collectors.toSet());
      }
      return present.descendingSet().stream().limit(latest).collect(Collectors.toSet());
    }
  }

  /** Reads {@code NAME=DIR}. */
  static Model parse(String given) {
    int equals = given.indexOf('=');
    if (equals < 1 || equals == given.length() - 1) {
      throw new IllegalArgumentException(
          "--model '" + given + "' is not NAME=DIR, such as caption=served/captioner");
    }
    return Model.of(given.substring(0, equals), Path.of(given.substring(equals + 1)));
  }

  /**
   * Reads a file in protobuf's text form. What is said about logging is read and not heeded.
   *
   * @throws IllegalArgumentException naming the place of what is wrong
   */
  static List<Model> read(Path file) throws IOException {
    DynamicMessage.Builder config = ServingMessages.builder("ModelServerConfig");
    try {
      TextFormat.merge(TextFile.read(file), config);
    } catch (TextFormat.ParseException e) {
      throw new IllegalArgumentException(
          "%s:%d: no model_config_list in protobuf's text form: %s"
              .formatted(file, e.getLine(), e.getMessage()));
    }
    List<Model> models = new ArrayList<>();
    Message list = ServingMessages.part(config.build(), "model_config_list");
    for (Message model : ServingMessages.parts(list, "config")) {
      try {
        models.add(model(model));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
      }
    }
    return models;
  }

  private static Model model(Message config) {
    String name = ServingMessages.text(config, "name");
    String path = ServingMessages.text(config, "base_path");
    String platform = ServingMessages.text(config, "model_platform");
    if (path.isEmpty()) {
      throw new IllegalArgumentException("model '%s' has no base_path".formatted(name));
    }
    String type = ServingMessages.get(config, "model_type").toString();
    boolean other = type.equals("OTHER");
    if (other || (!platform.isEmpty() && !platform.equals("tensorflow"))) {
      throw new IllegalArgumentException(
          "model '%s' is of %s; 'tensorflow' is served"
              .formatted(name, other ? "model_type OTHER" : "model_platform '" + platform + "'"));
    }
    Map<String, Long> labels = new TreeMap<>();
    for (Message label : ServingMessages.parts(config, "version_labels")) {
      labels.put(ServingMessages.text(label, "key"), (Long) ServingMessages.get(label, "value"));
    }
    Message policy = ServingMessages.part(config, "model_version_policy");
    return new Model(name, Path.of(path), policy(policy), labels);
  }

  private static Policy policy(Message policy) {
    if (ServingMessages.has(policy, "all")) {
      return Policy.ALL;
    }
    if (ServingMessages.has(policy, "specific")) {
      Set<Long> versions = new TreeSet<>();
      List<?> numbers =
          (List<?>) ServingMessages.get(ServingMessages.part(policy, "specific"), "versions");
      numbers.forEach(number -> versions.add((Long) number));
      if (versions.isEmpty()) {
        throw new IllegalArgumentException(
            "a model_version_policy is specific without versions; name them, or leave it away");
      }
      return new Policy(0, versions);
    }
    int latest =
        (Integer) ServingMessages.get(ServingMessages.part(policy, "latest"), "num_versions");
    return new Policy(Math.max(1, latest), Set.of());
  }

  /** Refuses two models of one name, none at all, and folders that are no base paths. */
  static List<Model> checked(List<Model> models) {
    if (models.isEmpty()) {
      throw new IllegalArgumentException(
          "no model to serve; give --model NAME=DIR, or --model-config FILE");
    }
    Set<String> names = new HashSet<>();
    for (Model model : models) {
      if (!names.add(model.name())) {
        throw new IllegalArgumentException("two models are called '" + model.name() + "'");
      }
      if (!Files.isDirectory(model.folder())) {
        throw new IllegalArgumentException(
            "model '%s': there is no folder %s".formatted(model.name(), model.folder()));
      }
      if (Files.exists(model.folder().resolve("saved_model.pb"))) {
        throw new IllegalArgumentException(
            "model '%s': %s is a version; give the folder that it lies in"
                .formatted(model.name(), model.folder()));
      }
    }
    return models;
  }
}
