package org.blip4j.tools.infer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Pairs of an image's path and a text, one a line: {@code PATH<tab>TEXT}, or JSON objects with
 * {@code image} and {@code text}.
 */
final class PairFile implements Closeable {
  private static final JsonMapper MAPPER = new JsonMapper();

  /** One line. */
  record Pair(Path image, String text) {}

  private final Path path;
  private final BufferedReader reader;
  private int line;

  PairFile(Path path) throws IOException {
    this.path = path;
    this.reader = Files.newBufferedReader(path);
  }

  /** Up to {@code count} further pairs; empty at the end. */
  List<Pair> next(int count) throws IOException {
    List<Pair> pairs = new ArrayList<>();
    while (pairs.size() < count) {
      String text = reader.readLine();
      if (text == null) {
        break;
      }
      line++;
      if (!text.isBlank()) {
        pairs.add(text.startsWith("{") ? json(text) : tabbed(text));
      }
    }
    return pairs;
  }

  private Pair tabbed(String text) throws IOException {
    int tab = text.indexOf('\t');
    if (tab < 1) {
      throw wrong("expected an image, a tab and a text");
    }
    return new Pair(Path.of(text.substring(0, tab)), text.substring(tab + 1));
  }

  private Pair json(String text) throws IOException {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (!node.path("image").isTextual() || !node.path("text").isTextual()) {
        throw wrong("expected an object with the strings image and text");
      }
      return new Pair(Path.of(node.get("image").textValue()), node.get("text").textValue());
    } catch (JsonProcessingException e) {
      throw wrong("not a JSON object: " + e.getOriginalMessage());
    }
  }

  private IOException wrong(String what) {
    return new IOException("%s, line %d: %s".formatted(path, line, what));
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
