package org.blip4j.tools.infer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Pairs of an image's path and a text, one a line: {@code PATH<tab>TEXT}, or JSON objects with
 * {@code image} and {@code text} (or {@code question}). A line that is neither is a pair that
 * cannot be scored, unless it is the first, which rather means that the file is of another kind.
 */
final class PairFile implements Closeable {
  private static final JsonMapper MAPPER = new JsonMapper();

  private final String name;
  private final BufferedReader reader;
  private final TextLimit limit;
  private final String key;
  private int line;

  /**
   * Opens a file; {@code -} is standard input.
   *
   * @param key what the text is called
   */
  PairFile(String name, InputStream in, TextLimit limit, String key) throws IOException {
    this.name = name;
    this.limit = limit;
    this.key = key;
    InputStream bytes = name.equals("-") ? in : Files.newInputStream(Path.of(name));
    this.reader = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
  }

  /** Up to {@code count} further pairs with their images; empty at the end. */
  List<ImageText> next(int count) throws IOException {
    List<ImageText> pairs = new ArrayList<>();
    Map<Path, LoadedImage> images = new HashMap<>();
    while (pairs.size() < count) {
      String text = reader.readLine();
      if (text == null) {
        break;
      }
      line++;
      if (!text.isBlank()) {
        pairs.add(pair(text, images));
      }
    }
    return pairs;
  }

  private ImageText pair(String text, Map<Path, LoadedImage> images) throws IOException {
    try {
      Line parsed = text.startsWith("{") ? json(text) : tabbed(text);
      Optional<String> problem = limit.problem(parsed.text());
      if (problem.isPresent()) {
        return unusable("the " + key + " " + problem.get(), parsed.text());
      }
      return new ImageText(
          images.computeIfAbsent(parsed.image(), ImageStream::read), parsed.text());
    } catch (IllegalArgumentException e) {
      if (line == 1) {
        throw new IOException(place() + ": " + e.getMessage(), e);
      }
      return unusable(e.getMessage(), "");
    }
  }

  private ImageText unusable(String why, String text) {
    return new ImageText(LoadedImage.failed(place(), Optional.empty(), why), text);
  }

  private String place() {
    return (name.equals("-") ? "standard input" : name) + ", line " + line;
  }

  private record Line(Path image, String text) {
    static Line of(String image, String text) {
      try {
        return new Line(Path.of(image), text);
      } catch (InvalidPathException e) {
        throw new IllegalArgumentException("not a path: " + e.getReason(), e);
      }
    }
  }

  private Line tabbed(String text) {
    int tab = text.indexOf('\t');
    if (tab < 1) {
      throw new IllegalArgumentException(
          "expected an image, a tab and a %s, or a JSON object with image and %s"
              .formatted(key, key));
    }
    return Line.of(text.substring(0, tab), text.substring(tab + 1));
  }

  private Line json(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (!node.path("image").isTextual() || !node.path(key).isTextual()) {
        throw new IllegalArgumentException("expected an object with the strings image and " + key);
      }
      return Line.of(node.get("image").textValue(), node.get(key).textValue());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON object: " + e.getOriginalMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
