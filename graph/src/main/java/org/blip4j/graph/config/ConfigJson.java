package org.blip4j.graph.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.TextFile;

/**
 * Configuration records to JSON and back, strictly: an unknown key, a missing one and a wrong value
 * are errors that name file, line and key, what was found and what is expected. An empty {@code
 * Optional} is a key that is not there.
 */
public final class ConfigJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private ConfigJson() {}

  /**
   * Where a value stands.
   *
   * @param text a file or an option
   * @param line in that file, from 1; 0 if it has none
   */
  public record Place(String text, int line) {}

  /** Tells where a value stands that was found wrong. */
  @FunctionalInterface
  public interface Places {
    /**
     * The place of a path such as {@code text.width} or {@code human[0]}; the empty path is the
     * whole.
     *
     * @param problem what will be said of it
     */
    Place of(String path, String problem);
  }

  /**
   * Reads a record from a file.
   *
   * @throws IllegalArgumentException in one line, if the content is not such a record
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    return parse(text(file), file.toString(), type);
  }

  /**
   * The text of a file.
   *
   * @throws NoSuchFileException if there is none
   * @throws IOException naming the file, if it is not UTF-8
   */
  public static String text(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file + " does not exist");
    }
    return TextFile.read(file);
  }

  /**
   * Reads a record from text.
   *
   * @param place named in errors
   */
  public static <T> T parse(String text, String place, Class<T> type) {
    Map<String, Integer> lines = lines(text);
    return new RecordJson((path, problem) -> new Place(place, lines.getOrDefault(path, 0)))
        .read(tree(text, place), type);
  }

  /** Reads any JSON into a tree that can be edited before {@link #convert}. */
  public static JsonNode tree(String text, String place) {
    try {
      JsonNode tree = MAPPER.readTree(text);
      if (tree.isMissingNode()) {
        throw new IllegalArgumentException(place + ": empty; expected JSON");
      }
      return tree;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(place + ": " + explain(e), e);
    }
  }

  /** The tree of a record. */
  public static JsonNode tree(Object value) {
    return RecordTree.of(value);
  }

  /** Reads a record from a tree. */
  public static <T> T convert(JsonNode tree, String place, Class<T> type) {
    return convert(tree, (path, problem) -> new Place(place, 0), type);
  }

  /** Reads a record from a tree that was put together from several places. */
  public static <T> T convert(JsonNode tree, Places places, Class<T> type) {
    return new RecordJson(places).read(tree, type);
  }

  /** The record as indented JSON. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(tree(value)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a configuration record cannot be written as JSON", e);
    }
  }

  /** Writes a record to a file, beside it first. */
  public static void write(Path file, Object value) throws IOException {
    AtomicFile.write(file, write(value).getBytes(StandardCharsets.UTF_8));
  }

  /** The line of each path such as {@code text.width} or {@code human[0]} in valid JSON. */
  public static Map<String, Integer> lines(String text) {
    Map<String, Integer> lines = new HashMap<>();
    try (JsonParser parser = MAPPER.createParser(text)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        String pointer = parser.getParsingContext().pathAsPointer().toString();
        String path = pointer.replaceAll("/(\\d+)(?=/|$)", "[$1]").replace('/', '.');
        lines.putIfAbsent(
            path.startsWith(".") ? path.substring(1) : path,
            parser.currentTokenLocation().getLineNr());
      }
    } catch (IOException e) {
      return lines; // what is wrong is told by whoever parses it
    }
    return lines;
  }

  private static String explain(JsonProcessingException e) {
    String what =
        e.getOriginalMessage()
            .lines()
            .findFirst()
            .orElse("")
            .replaceAll(" \\(start marker.*|, from `.*", "");
    if (what.startsWith("Duplicate field")) {
      what = what.replace("Duplicate field", "the key").replaceAll("'([^']*)'", "$1") + " is twice";
    } else if (what.startsWith("Trailing token")) {
      what = "not valid JSON: there is more after its end";
    } else {
      what = "not valid JSON: " + what;
    }
    return e.getLocation() == null
        ? what
        : what
            + " (line %d, column %d)"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }
}
