package org.blip4j.graph.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.file.NearestName;

/**
 * JSON trees to records: numbers, texts, enums, lists, maps, records, optional parts and sealed
 * choices that a key such as {@code kind} names. What is wrong is named by line, path, what was
 * found and what is expected.
 */
final class RecordJson {
  private final ConfigJson.Places places;

  RecordJson(ConfigJson.Places places) {
    this.places = places;
  }

  /** Reads a whole tree. */
  <T> T read(JsonNode tree, Class<T> type) {
    return type.cast(value(tree, type, ""));
  }

  private Object value(JsonNode node, Type type, String path) {
    if (type instanceof ParameterizedType generic) {
      return container(node, generic, path);
    }
    Class<?> plain = (Class<?>) type;
    if (JsonNode.class.isAssignableFrom(plain)) {
      return node;
    }
    if (node.isNull() && !plain.isPrimitive()) {
      return null;
    }
    if (plain.isRecord()) {
      return record(object(node, path, plain), plain, path);
    }
    if (plain.isEnum()) {
      return constant(node, plain, path);
    }
    if (plain.isSealed()) {
      return choice(object(node, path, plain), plain, path);
    }
    return scalar(node, plain, path);
  }

  private Object container(JsonNode node, ParameterizedType type, String path) {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] of = type.getActualTypeArguments();
    if (raw == Optional.class) {
      return node.isNull() ? Optional.empty() : Optional.of(value(node, of[0], path));
    }
    if (node.isNull()) {
      return null;
    }
    if (List.class.isAssignableFrom(raw)) {
      if (!node.isArray()) {
        throw wrong(path, node, "a list, [...]");
      }
      ImmutableList.Builder<Object> list = ImmutableList.builder();
      for (int i = 0; i < node.size(); i++) {
        list.add(present(value(node.get(i), of[0], path + "[" + i + "]"), path + "[" + i + "]"));
      }
      return list.build();
    }
    if (Map.class.isAssignableFrom(raw)) {
      ImmutableMap.Builder<String, Object> map = ImmutableMap.builder();
      for (Map.Entry<String, JsonNode> entry : object(node, path, raw).properties()) {
        String inner = join(path, entry.getKey());
        map.put(entry.getKey(), present(value(entry.getValue(), of[1], inner), inner));
      }
      return map.buildOrThrow();
    }
    throw new IllegalStateException("no JSON form for " + type);
  }

  private Object present(Object value, String path) {
    if (value == null) {
      throw value(path, "is null; give a value");
    }
    return value;
  }

  private ObjectNode object(JsonNode node, String path, Class<?> type) {
    if (node instanceof ObjectNode object) {
      return object;
    }
    String keys = type.isRecord() ? " with " + String.join(", ", RecordTree.names(type)) : "";
    throw wrong(path, node, "an object, {...}" + keys);
  }

  private Object record(ObjectNode node, Class<?> type, String path) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    List<String> missing = new ArrayList<>();
    refuseUnknown(node, keys(type, node, path), path);
    for (int i = 0; i < components.length; i++) {
      String name = components[i].getName();
      JsonNode child = node.get(name);
      if (RecordTree.unwrapped(components[i])) {
        Class<?> part = components[i].getType();
        values[i] = choice(RecordTree.only(node, keys(part, node, path)), part, path);
      } else if (child != null) {
        values[i] = value(child, components[i].getGenericType(), join(path, name));
      } else if (components[i].getType() == Optional.class) {
        values[i] = Optional.empty();
      } else {
        Meaning meaning = components[i].getAnnotation(Meaning.class);
        if (meaning == null || meaning.absent().isEmpty()) {
          missing.add(join(path, name));
        } else {
          JsonNode absent = ConfigJson.tree(meaning.absent(), name);
          values[i] = value(absent, components[i].getGenericType(), join(path, name));
        }
      }
    }
    if (!missing.isEmpty()) {
      throw error(
          path,
          String.join(", ", missing) + (missing.size() == 1 ? " is missing" : " are missing"));
    }
    return construct(type, components, values, path);
  }

  private Object construct(
      Class<?> type, RecordComponent[] components, Object[] values, String path) {
    try {
      Constructor<?> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      String message = e.getCause().getMessage();
      boolean told =
          e.getCause() instanceof IllegalArgumentException
              || (e.getCause() instanceof NullPointerException && byUs(message));
      if (!told && !(e.getCause() instanceof NullPointerException)) {
        throw new IllegalStateException("a record of " + path + " cannot be made", e);
      }
      String what = told ? message : RecordTree.nulls(components, values);
      throw error(path, path.isEmpty() || what.contains(path) ? what : path + ": " + what);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record of " + path + " cannot be made", e);
    }
  }

  private static boolean byUs(String message) {
    return message != null && message.contains(" is missing");
  }

  private Object choice(ObjectNode node, Class<?> type, String path) {
    Class<?> chosen = chosen(type, node, path);
    refuseUnknown(node, keys(type, node, path), path);
    ObjectNode rest = node.deepCopy();
    rest.remove(RecordTree.kindKey(type));
    return record(rest, chosen, path);
  }

  private Class<?> chosen(Class<?> type, ObjectNode node, String path) {
    Map<String, Class<?>> kinds = RecordTree.kinds(type);
    String key = RecordTree.kindKey(type);
    JsonNode kind = node.get(key);
    if (kind == null) {
      throw error(
          path,
          "%s is missing; expected one of %s"
              .formatted(join(path, key), String.join(", ", kinds.keySet())));
    }
    Class<?> chosen = kind.isTextual() ? kinds.get(kind.asText()) : null;
    if (chosen == null) {
      throw wrong(join(path, key), kind, oneOf(kinds.keySet(), kind));
    }
    return chosen;
  }

  /** The keys of an object for a record or a choice; those of unwrapped parts are its own. */
  private List<String> keys(Class<?> type, ObjectNode node, String path) {
    if (type.isSealed()) {
      List<String> keys = new ArrayList<>(List.of(RecordTree.kindKey(type)));
      keys.addAll(keys(chosen(type, node, path), node, path));
      return keys;
    }
    List<String> keys = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      if (RecordTree.unwrapped(component)) {
        keys.addAll(keys(component.getType(), node, path));
      } else {
        keys.add(component.getName());
      }
    }
    return keys;
  }

  private Object constant(JsonNode node, Class<?> type, String path) {
    Map<String, Object> constants = RecordTree.constants(type);
    Object constant = node.isTextual() ? constants.get(node.asText()) : null;
    if (constant == null) {
      throw wrong(path, node, oneOf(constants.keySet(), node));
    }
    return constant;
  }

  private static String oneOf(Collection<String> names, JsonNode found) {
    String near =
        NearestName.among(names, found.asText())
            .map(name -> "; did you mean " + name + "?")
            .orElse("");
    return (names.size() == 1 ? "" : "one of ") + String.join(", ", names) + near;
  }

  private Object scalar(JsonNode node, Class<?> type, String path) {
    if (type == String.class && node.isTextual()) {
      return node.asText();
    }
    if ((type == boolean.class || type == Boolean.class) && node.isBoolean()) {
      return node.asBoolean();
    }
    if (type == int.class || type == Integer.class) {
      if (node.isIntegralNumber() && node.canConvertToInt()) {
        return node.asInt();
      }
      throw wrong(path, node, "a whole number" + range(node, "-2147483648 to 2147483647"));
    }
    if (type == long.class || type == Long.class) {
      if (node.isIntegralNumber() && node.canConvertToLong()) {
        return node.asLong();
      }
      throw wrong(path, node, "a whole number" + range(node, "64 bits"));
    }
    if (type == double.class || type == Double.class) {
      if (node.isNumber()) {
        return node.asDouble();
      }
      throw wrong(path, node, "a number");
    }
    if (type == String.class) {
      throw wrong(path, node, "a text, \"...\"");
    }
    if (type == boolean.class || type == Boolean.class) {
      throw wrong(path, node, "true or false");
    }
    throw new IllegalStateException("no JSON form for " + type);
  }

  private static String range(JsonNode node, String range) {
    return node.isIntegralNumber() ? " within " + range : "";
  }

  /** Before missing keys are looked for: a misspelt key is both, and its name says more. */
  private void refuseUnknown(ObjectNode node, List<String> known, String path) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String name = entry.getKey();
      if (!known.contains(name)) {
        String hint =
            NearestName.among(known, name)
                .map(near -> "; did you mean " + near + "?")
                .orElse("; known keys are " + String.join(", ", known));
        String where = join(path, name);
        throw error(where, "unknown key " + where + hint);
      }
    }
  }

  private IllegalArgumentException wrong(String path, JsonNode found, String expected) {
    return value(path, "is " + RecordTree.describe(found) + "; expected " + expected);
  }

  private IllegalArgumentException value(String path, String what) {
    return error(path, (path.isEmpty() ? "the content" : path) + " " + what);
  }

  private IllegalArgumentException error(String path, String what) {
    ConfigJson.Place place = places.of(path, what);
    return new IllegalArgumentException(
        place.text() + ": " + what + (place.line() > 0 ? " (line " + place.line() + ")" : ""));
  }

  static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
