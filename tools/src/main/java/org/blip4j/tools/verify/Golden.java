package org.blip4j.tools.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;

/**
 * A golden folder or file.
 *
 * @param path where it lies
 * @param name the name it gives itself in {@code cases.json}, otherwise that of the file
 * @param kind what it holds
 */
record Golden(Path path, String name, GoldenKind kind) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * The goldens that a path stands for: the folder or file itself, or all that are found below a
   * folder which is none; none found is for the caller to report.
   *
   * @throws IllegalArgumentException if nothing is there
   */
  static List<Golden> find(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new IllegalArgumentException(path + ": no such golden folder or file");
    }
    if (!Files.isDirectory(path) || GoldenKind.isFolder(path)) {
      return List.of(of(path));
    }
    List<Golden> found = new ArrayList<>();
    List<Path> candidates;
    try (Stream<Path> walk = Files.walk(path)) {
      candidates = walk.sorted().toList();
    }
    for (Path candidate : candidates) {
      if (GoldenKind.isFolder(candidate)
          || (!GoldenKind.isFolder(candidate.getParent()) && GoldenKind.isFile(candidate))) {
        found.add(of(candidate));
      }
    }
    return found;
  }

  /** Recognises a golden by what it holds. */
  static Golden of(Path path) throws IOException {
    Path cases = path.resolve("cases.json");
    String own = Files.exists(cases) ? readJson(cases).path("name").asText() : "";
    String file = path.toAbsolutePath().normalize().getFileName().toString();
    return new Golden(path, own.isEmpty() ? file : own, GoldenKind.of(path));
  }

  /** A file of the folder. */
  Path file(String file) {
    return path.resolve(file);
  }

  /** The object in a JSON file of the folder. */
  JsonNode json(String file) throws IOException {
    return readJson(file(file));
  }

  /** The model's configuration, as the golden README describes it. */
  JsonNode config() throws IOException {
    return json("config.json");
  }

  /** The tensors in a file of the folder. */
  Tensors tensors(String file) throws IOException {
    return Tensors.read(file(file));
  }

  static JsonNode readJson(Path file) throws IOException {
    return readJson(file.toString(), Files.readString(file));
  }

  static JsonNode readJson(String where, String text) throws IOException {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (!node.isObject()) {
        throw new IOException(where + ": a JSON object was expected");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new IOException(where + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** A list of strings, such as those in {@code cases.json}. */
  static List<String> strings(JsonNode list) throws IOException {
    if (!list.isArray()) {
      throw new IOException("cases.json lacks a list of strings");
    }
    List<String> strings = new ArrayList<>();
    list.forEach(node -> strings.add(node.asText()));
    return strings;
  }

  /** A list of numbers. */
  static List<Double> numbers(JsonNode list) {
    List<Double> numbers = new ArrayList<>();
    list.forEach(node -> numbers.add(node.asDouble()));
    return numbers;
  }

  /**
   * The tensors of one file, in memory.
   *
   * @param path the file
   * @param all values by name, in the order of the file
   */
  record Tensors(Path path, ImmutableMap<String, Values> all) {
    static Tensors read(Path path) throws IOException {
      ImmutableMap.Builder<String, Values> tensors = ImmutableMap.builder();
      try (WeightFile file = WeightFile.open(path)) {
        for (Map.Entry<String, StoredTensor> entry : file.tensors().entrySet()) {
          StoredTensor tensor = entry.getValue();
          tensors.put(entry.getKey(), new Values(tensor.shape().asArray(), tensor.doubles()));
        }
      }
      return new Tensors(path, tensors.buildOrThrow());
    }

    Set<String> names() {
      return all.keySet();
    }

    /** A tensor; refused by name if the file lacks it. */
    Values get(String name) throws IOException {
      Values values = all.get(name);
      if (values == null) {
        throw new IOException(path + " has no tensor " + name);
      }
      return values;
    }
  }
}
