package org.blip4j.data.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * JSON of files and texts, as a tree, as values that know their place, or as records.
 *
 * <p>Whatever is wrong is an {@link IllegalArgumentException} of one line that names file, line and
 * field, what was found, what is expected and, for a misspelt key or word, the nearest right one.
 * Strict: no key twice, nothing after the value, nesting up to {@value #DEEPEST}. {@code NaN} and
 * {@code Infinity}, which Python writes, are numbers in trees and refused in records.
 */
public final class JsonFile {
  /** Part of the error about a text that goes on after its value, as JSON Lines do. */
  public static final String MORE_FOLLOWS = "something follows the value";

  private static final int DEEPEST = 200;
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  private final String text;
  private final String name;
  private final int firstLine;
  private final JsonNode tree;

  private JsonFile(String text, String name, int firstLine) {
    this.text = text;
    this.name = name;
    this.firstLine = firstLine;
    try {
      this.tree = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(syntaxError(e), e);
    }
    if (tree.isMissingNode()) {
      throw new IllegalArgumentException(place(0) + "is empty, JSON is expected");
    }
  }

  /** Reads a UTF-8 file. */
  public static JsonFile read(Path file) throws IOException {
    return new JsonFile(TextFile.read(file), file.toString(), 1);
  }

  /**
   * Parses a text that is no file.
   *
   * @param name begins every error
   */
  public static JsonFile parse(String text, String name) {
    return new JsonFile(text, name, 0);
  }

  /**
   * Parses lines from the middle of a file.
   *
   * @param firstLine the number of the first, from 1
   */
  public static JsonFile parse(String text, String name, long firstLine) {
    return new JsonFile(text, name, Math.toIntExact(firstLine));
  }

  /** Reads a record from a tree that has no text of its own. */
  public static <T> T convert(JsonNode tree, String name, Class<T> type) {
    return new JsonFile("null", name, 0).as(tree, type);
  }

  /** The tree of a record. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** A record as indented JSON with a line end. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(value.getClass() + " cannot be written as JSON", e);
    }
  }

  /** The tree; it may be changed and given to {@link #as(JsonNode, Class)}. */
  public JsonNode tree() {
    return tree;
  }

  /** The whole as a value. */
  public JsonValue root() {
    return new JsonValue(this, ImmutableList.of(), tree);
  }

  /** The whole as a record. */
  public <T> T as(Class<T> type) {
    return as(tree, type);
  }

  /** A changed or merged tree as a record; what stands in this file is named with its line. */
  public <T> T as(JsonNode changed, Class<T> type) {
    Optional<JsonExpectation.Problem> problem = JsonExpectation.notFinite(changed);
    JsonProcessingException cause = null;
    if (problem.isEmpty()) {
      try {
        T value = MAPPER.treeToValue(changed, type);
        if (value != null) {
          return value;
        }
      } catch (JsonProcessingException e) {
        cause = e;
      }
      JsonProcessingException refused = cause;
      problem =
          JsonExpectation.unknownKey(changed, type)
              .or(() -> JsonExpectation.mismatch(changed, type))
              .or(() -> Optional.of(refusal(refused)));
    }
    throw new IllegalArgumentException(
        place(lineOf(problem.get().path())) + problem.get().message(), cause);
  }

  /** An error about a field: {@code FILE line 3: } and the message. */
  IllegalArgumentException error(List<Object> path, String message) {
    return new IllegalArgumentException(place(lineOf(path)) + message);
  }

  private String place(int line) {
    return firstLine == 0 || line == 0
        ? name + ": "
        : "%s line %d: ".formatted(name, firstLine + line - 1);
  }

  /** What the constructor of a record says about its values. */
  private static JsonExpectation.Problem refusal(JsonProcessingException e) {
    List<Object> path = new ArrayList<>();
    if (e instanceof JsonMappingException mapping) {
      mapping
          .getPath()
          .forEach(
              step ->
                  path.add(step.getFieldName() == null ? step.getIndex() : step.getFieldName()));
    }
    String where = JsonExpectation.text(path);
    if (!(Throwables.getRootCause(e) instanceof IllegalArgumentException root)) {
      String what = where.isEmpty() ? "the content" : where;
      return new JsonExpectation.Problem(path, what + " is not as expected, or lacks a field");
    }
    String what = String.valueOf(root.getMessage());
    boolean named = where.isEmpty() || what.contains(where);
    return new JsonExpectation.Problem(path, named ? what : where + ": " + what);
  }

  private String syntaxError(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    String what = e.getOriginalMessage();
    if (what.contains("FAIL_ON_TRAILING_TOKENS")) {
      what = MORE_FOLLOWS;
    }
    what =
        what.replaceAll(" \\((for \\w+ starting|start marker) at \\[Source.*?\\]\\)", "")
            .replaceAll(", from `[^`]*`", "")
            .replaceAll("[:;,]? ?enable `.*", "")
            .replaceAll("expected a (?:valid )?value \\(JSON .*?\\)\\)?$", "expected a value")
            .replace("((CTRL-CHAR, code ", "((code ")
            .replaceAll(
                "\\(JSON String, Number.*'false'\\)", "text, a number, a list or an object");
    return at == null
        ? place(0) + "is not JSON: " + what
        : "%sis not JSON: %s (column %d)".formatted(place(at.getLineNr()), what, at.getColumnNr());
  }

  /** The line of a field, or of the innermost object around it that is there; 0 if unknown. */
  private int lineOf(List<Object> path) {
    if (firstLine == 0) {
      return 0;
    }
    try (JsonParser parser = MAPPER.createParser(text)) {
      parser.nextToken();
      int line = parser.currentTokenLocation().getLineNr();
      for (Object step : path) {
        Optional<Integer> found = enter(parser, step);
        if (found.isEmpty()) {
          break;
        }
        line = found.get();
      }
      return line;
    } catch (IOException e) {
      return 0;
    }
  }

  /** Goes on to the value of a key or the element of a number; its line, if it is there. */
  private static Optional<Integer> enter(JsonParser parser, Object step) throws IOException {
    JsonToken end = step instanceof String ? JsonToken.END_OBJECT : JsonToken.END_ARRAY;
    if (!parser.isExpectedStartArrayToken() && !parser.isExpectedStartObjectToken()) {
      return Optional.empty();
    }
    int index = 0;
    while (parser.nextToken() != end && parser.currentToken() != null) {
      int line = parser.currentTokenLocation().getLineNr();
      boolean here = step.equals(index++);
      if (step instanceof String) {
        here = step.equals(parser.currentName());
        parser.nextToken();
      }
      if (here) {
        return Optional.of(line);
      }
      parser.skipChildren();
    }
    return Optional.empty();
  }
}
