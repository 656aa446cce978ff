package org.blip4j.graph.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Records to the JSON trees that {@link RecordJson} reads, where an empty part is left out; and
 * what of their types both need to know.
 */
final class RecordTree {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private RecordTree() {}

  /** The tree of a record, or of what records are made of. */
  static JsonNode of(Object value) {
    if (value == null) {
      return JSON.nullNode();
    }
    if (value instanceof JsonNode node) {
      return node;
    }
    if (value instanceof Optional<?> optional) {
      return of(optional.orElse(null));
    }
    if (value instanceof Iterable<?> list) {
      ArrayNode array = JSON.arrayNode();
      list.forEach(item -> array.add(of(item)));
      return array;
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = JSON.objectNode();
      map.forEach((key, item) -> object.set((String) key, of(item)));
      return object;
    }
    if (value instanceof Enum<?> constant) {
      return JSON.textNode(word(constant));
    }
    if (value.getClass().isRecord()) {
      ObjectNode object = JSON.objectNode();
      kind(value.getClass(), object);
      fields(value, object);
      return object;
    }
    return scalar(value);
  }

  private static void fields(Object record, ObjectNode into) {
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      Object value = get(component, record);
      if (unwrapped(component)) {
        kind(value.getClass(), into);
        fields(value, into);
      } else if (!(value instanceof Optional<?> optional) || optional.isPresent()) {
        into.set(component.getName(), of(value));
      }
    }
  }

  /** The key that names which of a sealed choice's records this is. */
  private static void kind(Class<?> type, ObjectNode into) {
    for (Class<?> sealed : interfaces(type)) {
      if (sealed.isAnnotationPresent(JsonTypeInfo.class)) {
        kinds(sealed)
            .forEach(
                (name, record) -> {
                  if (record == type) {
                    into.put(kindKey(sealed), name);
                  }
                });
      }
    }
  }

  private static List<Class<?>> interfaces(Class<?> type) {
    List<Class<?>> all = new ArrayList<>();
    for (Class<?> direct : type.getInterfaces()) {
      all.add(direct);
      all.addAll(interfaces(direct));
    }
    return all;
  }

  private static String word(Enum<?> constant) {
    return constants(constant.getDeclaringClass()).entrySet().stream()
        .filter(entry -> entry.getValue() == constant)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private static JsonNode scalar(Object value) {
    if (value instanceof String text) {
      return JSON.textNode(text);
    }
    if (value instanceof Boolean truth) {
      return JSON.booleanNode(truth);
    }
    if (value instanceof Integer number) {
      return JSON.numberNode(number);
    }
    if (value instanceof Long number) {
      return JSON.numberNode(number);
    }
    if (value instanceof Double number) {
      return JSON.numberNode(number);
    }
    throw new IllegalStateException("no JSON form for " + value.getClass());
  }

  static Object get(RecordComponent component, Object record) {
    try {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(component + " cannot be read", e);
    }
  }

  /** Whether the fields of a component lie beside those of its record. */
  static boolean unwrapped(RecordComponent component) {
    return component.getAccessor().isAnnotationPresent(JsonUnwrapped.class);
  }

  static String kindKey(Class<?> sealed) {
    return sealed.getAnnotation(JsonTypeInfo.class).property();
  }

  static Map<String, Class<?>> kinds(Class<?> type) {
    ImmutableMap.Builder<String, Class<?>> kinds = ImmutableMap.builder();
    for (JsonSubTypes.Type kind : type.getAnnotation(JsonSubTypes.class).value()) {
      kinds.put(kind.name(), kind.value());
    }
    return kinds.buildOrThrow();
  }

  static Map<String, Object> constants(Class<?> type) {
    ImmutableMap.Builder<String, Object> constants = ImmutableMap.builder();
    for (Object constant : type.getEnumConstants()) {
      String name = ((Enum<?>) constant).name();
      try {
        JsonProperty other = type.getField(name).getAnnotation(JsonProperty.class);
        constants.put(other == null ? name : other.value(), constant);
      } catch (NoSuchFieldException e) {
        throw new IllegalStateException(e);
      }
    }
    return constants.buildOrThrow();
  }

  /** What a value is, for people; long ones are cut. */
  static String describe(JsonNode node) {
    if (node.isObject()) {
      return "an object";
    }
    if (node.isArray()) {
      return "a list of " + node.size();
    }
    String text = node.toString();
    return text.length() > 60 ? text.substring(0, 57) + "..." : text;
  }

  static List<String> names(Class<?> type) {
    return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
  }

  /** Which components have no value, in words. */
  static String nulls(RecordComponent[] components, Object[] values) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        names.add(components[i].getName());
      }
    }
    return String.join(", ", names) + (names.size() == 1 ? " is null" : " are null");
  }

  /** The fields of a part that lie beside those of its record. */
  static ObjectNode only(ObjectNode node, List<String> keys) {
    ObjectNode part = node.deepCopy();
    part.retain(keys);
    return part;
  }
}
