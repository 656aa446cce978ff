package org.blip4j.data.file;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Says where a JSON tree is not what a record wants, in words of JSON and not of Java. */
final class JsonExpectation {
  private static final int SHOWN = 60;

  /**
   * What is wrong with a field.
   *
   * @param path keys and, in lists, numbers
   */
  record Problem(List<Object> path, String message) {}

  private final List<Object> path;

  private JsonExpectation(List<Object> path) {
    this.path = path;
  }

  /** A key that no field has; before missing keys, since a misspelt key is both. */
  static Optional<Problem> unknownKey(JsonNode node, Type type) {
    return new JsonExpectation(ImmutableList.of()).unknown(node, type);
  }

  /** A missing key or a value of the wrong kind. */
  static Optional<Problem> mismatch(JsonNode node, Type type) {
    return new JsonExpectation(ImmutableList.of()).wrong(node, type);
  }

  /** A number that JSON does not have. */
  static Optional<Problem> notFinite(JsonNode node) {
    return new JsonExpectation(ImmutableList.of()).infinite(node);
  }

  /** {@code images[3].file_name}. */
  static String text(List<Object> path) {
    StringBuilder text = new StringBuilder();
    for (Object step : path) {
      text.append(step instanceof Integer ? "[" + step + "]" : "." + step);
    }
    return text.indexOf(".") == 0 ? text.substring(1) : text.toString();
  }

  /** A value as an error shows it. */
  static String found(JsonNode node) {
    if (node.isContainerNode()) {
      return node.isArray() ? "a list" : "an object";
    }
    String text = node.toString();
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
  }

  private JsonExpectation in(Object step) {
    return new JsonExpectation(ImmutableList.builder().addAll(path).add(step).build());
  }

  private Optional<Problem> problem(String message) {
    return Optional.of(new Problem(path, message));
  }

  private Optional<Problem> infinite(JsonNode node) {
    if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
      return problem("%s is %s; expected a number".formatted(text(path), node.asText()));
    }
    return children(node, (child, name) -> in(name).infinite(child));
  }

  private Optional<Problem> unknown(JsonNode node, Type type) {
    Map<String, Type> known = fields(node, type);
    if (known.isEmpty() || !node.isObject()) {
      return elements(type)
          .flatMap(e -> children(node, (child, name) -> in(name).unknown(child, e)));
    }
    if (wrongKind(node, raw(type)).isPresent()) {
      return Optional.empty();
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = field.getKey();
      if (!known.containsKey(name)) {
        String hint =
            NearestName.among(known.keySet(), name)
                .map(near -> "; did you mean " + near + "?")
                .orElse("; known keys are " + String.join(", ", known.keySet()));
        return in(name).problem("unknown key " + text(in(name).path) + hint);
      }
    }
    return children(node, (child, name) -> in(name).unknown(child, known.get(name)));
  }

  private Optional<Problem> wrong(JsonNode node, Type type) {
    if (node.isNull() && !raw(type).isPrimitive() && !path.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Type> fields = fields(node, type);
    if (fields.isEmpty() || !node.isObject()) {
      if (!fits(node, type)) {
        String where = path.isEmpty() ? "the whole" : text(path);
        String near = raw(type).isEnum() ? near(names(raw(type)), node) : "";
        return problem("%s is %s; expected %s%s".formatted(where, found(node), wanted(type), near));
      }
      return elements(type).flatMap(e -> children(node, (child, name) -> in(name).wrong(child, e)));
    }
    Optional<Problem> kind = wrongKind(node, raw(type));
    if (kind.isPresent()) {
      return kind;
    }
    for (Map.Entry<String, Type> field : fields.entrySet()) {
      String name = field.getKey();
      if (!node.has(name)) {
        return problem(
            "%s is missing; expected %s".formatted(text(in(name).path), wanted(field.getValue())));
      }
      Optional<Problem> inside = in(name).wrong(node.get(name), field.getValue());
      if (inside.isPresent()) {
        return inside;
      }
    }
    return Optional.empty();
  }

  /** Of a type that has one record for each word under a key. */
  private Optional<Problem> wrongKind(JsonNode node, Class<?> type) {
    Map<String, Class<?>> kinds = kinds(type);
    JsonTypeInfo info = type.getAnnotation(JsonTypeInfo.class);
    if (kinds.isEmpty() || kinds.containsKey(node.path(info.property()).asText())) {
      return Optional.empty();
    }
    JsonNode word = node.path(info.property());
    String choice = "one of " + String.join(", ", kinds.keySet());
    JsonExpectation at = in(info.property());
    return at.problem(
        word.isMissingNode()
            ? "%s is missing; expected %s".formatted(text(at.path), choice)
            : "%s is %s; expected %s%s"
                .formatted(text(at.path), found(word), choice, near(kinds.keySet(), word)));
  }

  private static String near(Collection<String> names, JsonNode word) {
    return NearestName.among(names, word.asText())
        .map(near -> "; did you mean " + near + "?")
        .orElse("");
  }

  /** The keys of a record with their types; none for other types. */
  private static Map<String, Type> fields(JsonNode node, Type type) {
    Class<?> raw = raw(type);
    Map<String, Class<?>> kinds = kinds(raw);
    Map<String, Type> fields = new LinkedHashMap<>();
    if (!kinds.isEmpty()) {
      String property = raw.getAnnotation(JsonTypeInfo.class).property();
      fields.put(property, String.class);
      raw = kinds.getOrDefault(node.path(property).asText(), raw);
    }
    if (raw.isRecord()) {
      for (RecordComponent component : raw.getRecordComponents()) {
        JsonProperty renamed = component.getAccessor().getAnnotation(JsonProperty.class);
        boolean named = renamed != null && !renamed.value().isEmpty();
        fields.put(named ? renamed.value() : component.getName(), component.getGenericType());
      }
    }
    return fields;
  }

  private static Map<String, Class<?>> kinds(Class<?> type) {
    Map<String, Class<?>> kinds = new LinkedHashMap<>();
    JsonSubTypes types = type.getAnnotation(JsonSubTypes.class);
    if (types != null && type.isAnnotationPresent(JsonTypeInfo.class)) {
      for (JsonSubTypes.Type kind : types.value()) {
        kinds.put(kind.name(), kind.value());
      }
    }
    return kinds;
  }

  private static boolean fits(JsonNode node, Type type) {
    Class<?> raw = raw(type);
    if (raw == int.class || raw == Integer.class) {
      return node.isIntegralNumber() && node.canConvertToInt();
    }
    if (raw == long.class || raw == Long.class) {
      return node.isIntegralNumber() && node.canConvertToLong();
    }
    if (isNumber(raw)) {
      return node.isNumber();
    }
    if (raw == boolean.class || raw == Boolean.class) {
      return node.isBoolean();
    }
    if (raw == String.class) {
      return node.isValueNode();
    }
    if (raw.isEnum()) {
      return node.isTextual() && names(raw).contains(node.asText());
    }
    boolean list = Collection.class.isAssignableFrom(raw) || raw.isArray();
    boolean object = raw.isRecord() || Map.class.isAssignableFrom(raw) || !kinds(raw).isEmpty();
    return list ? node.isArray() : !object || node.isObject();
  }

  private static String wanted(Type type) {
    Class<?> raw = raw(type);
    if (raw == int.class || raw == Integer.class || raw == long.class || raw == Long.class) {
      return "a whole number";
    }
    if (isNumber(raw)) {
      return "a number";
    }
    if (raw == boolean.class || raw == Boolean.class) {
      return "true or false";
    }
    if (raw == String.class) {
      return "a text";
    }
    if (raw.isEnum()) {
      return "one of " + String.join(", ", names(raw));
    }
    if (Collection.class.isAssignableFrom(raw) || raw.isArray()) {
      return "a list";
    }
    return "an object";
  }

  private static boolean isNumber(Class<?> raw) {
    return (raw.isPrimitive() && raw != boolean.class && raw != char.class)
        || Number.class.isAssignableFrom(raw);
  }

  private static List<String> names(Class<?> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> ((Enum<?>) constant).name())
        .map(
            name -> {
              try {
                JsonProperty renamed = type.getField(name).getAnnotation(JsonProperty.class);
                return renamed == null ? name : renamed.value();
              } catch (NoSuchFieldException e) {
                return name;
              }
            })
        .toList();
  }

  private static Optional<Type> elements(Type type) {
    if (raw(type).isArray()) {
      return Optional.of(raw(type).getComponentType());
    }
    return type instanceof ParameterizedType parameters
        ? Optional.of(Iterables.getLast(Arrays.asList(parameters.getActualTypeArguments())))
        : Optional.empty();
  }

  private static Class<?> raw(Type type) {
    if (type instanceof Class<?> c) {
      return c;
    }
    return type instanceof ParameterizedType parameters
        ? (Class<?>) parameters.getRawType()
        : Object.class;
  }

  private interface Check {
    Optional<Problem> of(JsonNode child, Object name);
  }

  private static Optional<Problem> children(JsonNode node, Check check) {
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        Optional<Problem> problem = check.of(node.get(i), i);
        if (problem.isPresent()) {
          return problem;
        }
      }
    }
    return node.properties().stream()
        .map(field -> check.of(field.getValue(), field.getKey()))
        .flatMap(Optional::stream)
        .findFirst();
  }
}
