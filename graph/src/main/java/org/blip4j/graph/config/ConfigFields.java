package org.blip4j.graph.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The fields of a configuration with their {@link Meaning}, taken from the records themselves. */
public final class ConfigFields {
  private final ImmutableList.Builder<Field> fields = ImmutableList.builder();

  /**
   * A field.
   *
   * @param path such as {@code duration.batch}
   * @param value empty if it is left out, or a part whose fields follow
   * @param meaning of it, with its unit
   */
  public record Field(String path, Optional<JsonNode> value, String meaning) {}

  private ConfigFields() {}

  /** The fields of a configuration, in the order of its JSON. */
  public static ImmutableList<Field> of(Record config) {
    ConfigFields found = new ConfigFields();
    found.record(config.getClass(), Optional.of(config), "");
    return found.fields.build();
  }

  /** A line for each field with its value and meaning, for people. */
  public static String text(Record config) {
    return of(config).stream()
        .map(
            field ->
                "%-42s  # %s"
                    .formatted(
                        field.path() + field.value().map(json -> " = " + json).orElse(""),
                        field.meaning())
                    .stripTrailing())
        .collect(Collectors.joining("\n"));
  }

  private void record(Class<?> type, Optional<Object> record, String prefix) {
    for (RecordComponent component : type.getRecordComponents()) {
      Optional<Object> value = record.map(whole -> RecordTree.get(component, whole));
      Meaning meaning = component.getAnnotation(Meaning.class);
      String path = prefix + component.getName();
      if (RecordTree.unwrapped(component)) {
        choice(component.getType(), value, prefix, "");
      } else if (component.getGenericType() instanceof ParameterizedType generic
          && component.getType() == Optional.class) {
        field(
            generic.getActualTypeArguments()[0],
            value.flatMap(optional -> (Optional<?>) optional),
            path,
            text(meaning));
      } else {
        field(component.getGenericType(), value, path, text(meaning));
      }
    }
  }

  private void field(Type type, Optional<?> value, String path, String meaning) {
    Optional<Object> known = value.map(any -> any);
    if (type instanceof Class<?> plain && plain.isEnum()) {
      String names = String.join(", ", RecordTree.constants(plain).keySet());
      fields.add(new Field(path, known.map(RecordTree::of), meaning + ": one of " + names));
    } else if (type instanceof Class<?> plain && plain.isRecord()) {
      fields.add(new Field(path, Optional.empty(), meaning));
      record(plain, known, path + ".");
    } else if (type instanceof Class<?> plain && plain.isSealed()) {
      choice(plain, known, path + ".", meaning);
    } else {
      fields.add(new Field(path, known.map(RecordTree::of), meaning));
    }
  }

  /** The chosen record's fields, then those that only other choices have. */
  private void choice(Class<?> sealed, Optional<Object> value, String prefix, String meaning) {
    Map<String, Class<?>> kinds = RecordTree.kinds(sealed);
    Class<?> chosen = value.<Class<?>>map(Object::getClass).orElseThrow();
    String kind =
        kinds.entrySet().stream()
            .filter(entry -> entry.getValue() == chosen)
            .findFirst()
            .orElseThrow()
            .getKey();
    fields.add(
        new Field(
            prefix + RecordTree.kindKey(sealed),
            Optional.of(RecordTree.of(kind)),
            (meaning.isEmpty() ? "" : meaning + ": ")
                + "one of "
                + String.join(", ", kinds.keySet())));
    record(chosen, value, prefix);
    if (!prefix.isEmpty()) {
      List<String> own = RecordTree.names(chosen);
      kinds.forEach((name, other) -> others(name, other, own, prefix));
    }
  }

  private void others(String kind, Class<?> type, List<String> known, String prefix) {
    for (RecordComponent component : type.getRecordComponents()) {
      if (!known.contains(component.getName())) {
        fields.add(
            new Field(
                prefix + component.getName(),
                Optional.empty(),
                "of kind %s: %s".formatted(kind, text(component.getAnnotation(Meaning.class)))));
      }
    }
  }

  private static String text(Meaning meaning) {
    return meaning == null ? "" : meaning.value();
  }
}
