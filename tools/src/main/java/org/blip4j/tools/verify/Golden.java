package org.blip4j.tools.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A golden folder or file.
 *
 * @param path where it lies
 * @param name the name it gives itself in {@code cases.json}, otherwise that of the file
 * @param kind what it holds
 */
public record Golden(Path path, String name, GoldenKind kind) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Recognises a golden by what it holds. */
  static Golden of(Path path) throws IOException {
    GoldenKind kind = Files.isDirectory(path) ? GoldenKind.ofFolder(path) : GoldenKind.ofFile(path);
    String file = path.toAbsolutePath().normalize().getFileName().toString();
    if (!Files.isDirectory(path)) {
      return new Golden(path, file, kind);
    }
    String name = readJson(path.resolve("cases.json")).path("name").asText();
    return new Golden(path, name.isEmpty() ? file : name, kind);
  }

  /** The description of the golden. */
  public JsonNode cases() throws IOException {
    return readJson(path.resolve("cases.json"));
  }

  /** The model's configuration, as the golden README describes it. */
  public JsonNode config() throws IOException {
    return readJson(path.resolve("config.json"));
  }

  /** A file of the folder. */
  public Path file(String name) {
    return path.resolve(name);
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
}
