package org.blip4j.graph.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.InjectableValues;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.base.Throwables;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.blip4j.data.file.NearestName;

/**
 * Configuration records to JSON and back, strictly: an unknown key, a missing one and a wrong value
 * are errors that name the key.
 */
public final class ConfigJson {
  /** What injects {@link ModelConfig#labelSmoothing} where a file does not have it. */
  static final String LABEL_SMOOTHING = "labelSmoothing";

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .injectableValues(
              new InjectableValues.Std()
                  .addValue(LABEL_SMOOTHING, ObjectiveConfig.published().labelSmoothing()))
          .build();

  private ConfigJson() {}

  /**
   * Reads a record from a file.
   *
   * @throws IllegalArgumentException in one line, if the content is not such a record
   */
  public static <T> T read(Path file, Class<T> type) throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(file + " does not exist");
    }
    return parse(text, file.toString(), type);
  }

  /**
   * Reads a record from text.
   *
   * @param place named in errors
   */
  public static <T> T parse(String text, String place, Class<T> type) {
    return convert(tree(text, place), place, type);
  }

  /** Reads any JSON into a tree that can be edited before {@link #convert}. */
  public static JsonNode tree(String text, String place) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(place + ": " + explain(e), e);
    }
  }

  /** The tree of a record. */
  public static JsonNode tree(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** Reads a record from a tree. */
  public static <T> T convert(JsonNode tree, String place, Class<T> type) {
    refuseUnknownKeys(tree, type, "", place);
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(place + ": " + explain(e), e);
    }
  }

  /** The record as indented JSON. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a configuration record cannot be written as JSON", e);
    }
  }

  /** Writes a record to a file, beside it first. */
  public static void write(Path file, Object value) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".tmp");
    Files.writeString(beside, write(value), StandardCharsets.UTF_8);
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Before missing keys are looked for: a misspelt key is both, and its name says more. */
  private static void refuseUnknownKeys(JsonNode tree, Class<?> type, String prefix, String place) {
    if (!type.isRecord() || !tree.isObject()) {
      return;
    }
    RecordComponent[] components = type.getRecordComponents();
    List<String> known = Arrays.stream(components).map(RecordComponent::getName).toList();
    for (Iterator<String> names = tree.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        String hint =
            NearestName.among(known, name)
                .map(near -> "; did you mean " + near + "?")
                .orElse("; known keys are " + String.join(", ", known));
        throw new IllegalArgumentException(place + ": unknown key " + prefix + name + hint);
      }
    }
    for (RecordComponent component : components) {
      JsonNode child = tree.get(component.getName());
      if (child != null) {
        refuseUnknownKeys(child, component.getType(), prefix + component.getName() + ".", place);
      }
    }
  }

  private static String explain(JsonProcessingException e) {
    if (e instanceof JsonMappingException mapping) {
      Throwable root = Throwables.getRootCause(e);
      String what =
          root instanceof JsonProcessingException j ? j.getOriginalMessage() : root.getMessage();
      String path = path(mapping);
      return path.isEmpty() || what.contains(path) ? what : path + ": " + what;
    }
    return "not valid JSON: "
        + e.getOriginalMessage()
        + (e.getLocation() == null
            ? ""
            : " (line %d, column %d)"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(
            reference ->
                reference.getFieldName() == null
                    ? "[" + reference.getIndex() + "]"
                    : reference.getFieldName())
        .collect(Collectors.joining("."));
  }
}
