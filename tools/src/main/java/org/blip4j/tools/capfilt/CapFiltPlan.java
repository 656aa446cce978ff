package org.blip4j.tools.capfilt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;

/**
 * What a CapFilt output folder is made of: kept in the folder, so that all processes that work on
 * it do the same.
 *
 * @param format version of the layout of the folder and of how seeds are made
 * @param shards all input shards, also those that a single process leaves to others
 * @param settings what decides the result
 * @param captioner the captioning model
 * @param filter the filtering model
 */
public record CapFiltPlan(
    int format,
    List<Shard> shards,
    CapFiltSettings settings,
    CapFiltModels.Identity captioner,
    CapFiltModels.Identity filter) {
  /** What this version writes. In format 1 seeds were made of shard and place. */
  public static final int FORMAT = 2;

  /**
   * A shard that CapFilt reads.
   *
   * @param name what its outputs are called
   * @param path where it lies
   * @param bytes how long it is, so that a changed one is noticed
   */
  public record Shard(String name, String path, long bytes) implements Serializable {
    /**
     * The shards of a set, named after their files without the ending.
     *
     * @throws IllegalArgumentException if two would have one name
     */
    public static ImmutableList<Shard> of(ShardSet shards) throws IOException {
      Map<String, Path> seen = new HashMap<>();
      ImmutableList.Builder<Shard> all = ImmutableList.builder();
      for (Path path : shards.paths()) {
        String name = ShardSet.ShardName.withoutEnding(path.getFileName().toString());
        Path other = seen.putIfAbsent(name, path);
        if (other != null) {
          throw new IllegalArgumentException(
              "shards %s and %s would both be written as %s.tfrecord; rename one, or run them apart"
                  .formatted(other, path, name));
        }
        all.add(new Shard(name, path.toAbsolutePath().toString(), Files.size(path)));
      }
      return all.build();
    }

    Path file() {
      return Path.of(path);
    }
  }

  /** Copies the list and refuses other layouts. */
  public CapFiltPlan {
    if (format < 1 || format > FORMAT) {
      throw new IllegalArgumentException(
          "format is " + format + "; this version reads formats 1 to " + FORMAT);
    }
    shards = ImmutableList.copyOf(shards);
    Objects.requireNonNull(settings, "settings is missing");
    Objects.requireNonNull(captioner, "captioner is missing");
    Objects.requireNonNull(filter, "filter is missing");
    if (shards.isEmpty()) {
      throw new IllegalArgumentException("there are no shards to work on");
    }
  }

  /** The plan for shards and models. */
  public static CapFiltPlan of(List<Shard> shards, CapFiltSettings settings, CapFiltModels models)
      throws IOException {
    return new CapFiltPlan(
        FORMAT,
        shards,
        settings,
        models.captionerIdentity(settings),
        models.filterIdentity(settings));
  }

  /**
   * Reads a plan.
   *
   * @throws IOException if the file is damaged
   */
  static CapFiltPlan read(Path file) throws IOException {
    try {
      JsonNode tree = ConfigJson.tree(Files.readString(file), file.toString());
      if (tree.path("format").asInt() == 1
          && tree.path("settings") instanceof ObjectNode settings) {
        settings.remove("batchSize"); // decided the last digits of scores
      }
      return ConfigJson.convert(tree, file.toString(), CapFiltPlan.class);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          e.getMessage() + "; the plan is damaged: give --overwrite, or choose another folder", e);
    }
  }

  String json() {
    return ConfigJson.write(this);
  }

  /** The names of all shards, in order. */
  ImmutableList<String> names() {
    return shards.stream().map(Shard::name).collect(ImmutableList.toImmutableList());
  }

  /** What tells these settings from others. */
  String settingsSha256() {
    return Hashing.sha256()
        .hashString(ConfigJson.write(settings), StandardCharsets.UTF_8)
        .toString();
  }

  /** Empty if both plans give the same result, otherwise what differs, in words. */
  String differenceTo(CapFiltPlan other) {
    if (format != other.format) {
      return "by format %d there, %d here".formatted(format, other.format);
    }
    if (shards.size() != other.shards.size()) {
      return "%d shards there, %d here".formatted(shards.size(), other.shards.size());
    }
    for (int i = 0; i < shards.size(); i++) {
      Shard one = shards.get(i);
      Shard two = other.shards.get(i);
      if (!one.name().equals(two.name()) || one.bytes() != two.bytes()) {
        return "shard %d is %s (%d bytes) there, %s (%d bytes) here"
            .formatted(i, one.name(), one.bytes(), two.name(), two.bytes());
      }
    }
    List<String> differences = new ArrayList<>();
    compare("", ConfigJson.tree(settings), ConfigJson.tree(other.settings), differences);
    compare("captioner", captioner, other.captioner, differences);
    compare("filter", filter, other.filter, differences);
    return String.join("; ", differences);
  }

  private static void compare(String name, JsonNode one, JsonNode two, List<String> differences) {
    if (one.isObject()) {
      one.properties()
          .forEach(
              field ->
                  compare(
                      name.isEmpty() ? field.getKey() : name + "." + field.getKey(),
                      field.getValue(),
                      two.path(field.getKey()),
                      differences));
    } else if (!one.equals(two)) {
      differences.add("%s is %s there, %s here".formatted(name, one.asText(), two.asText()));
    }
  }

  private static void compare(
      String name,
      CapFiltModels.Identity one,
      CapFiltModels.Identity two,
      List<String> differences) {
    if (!one.sha256().equals(two.sha256())) {
      differences.add("%s is %s there, %s here".formatted(name, words(one), words(two)));
    }
  }

  private static String words(CapFiltModels.Identity model) {
    return model.sha256().isEmpty()
        ? "none"
        : model.path() + " (SHA-256 " + model.sha256().substring(0, 8) + ")";
  }
}
