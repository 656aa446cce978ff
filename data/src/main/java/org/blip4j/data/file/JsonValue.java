package org.blip4j.data.file;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.util.List;
import java.util.Optional;

/**
 * A value inside a {@link JsonFile} that knows its place: each accessor says what it wants, and
 * throws an {@link IllegalArgumentException} with file, line, field, what was found and what is
 * expected.
 *
 * <pre>{@code
 * JsonValue image = JsonFile.read(path).root().get("images").items().get(0);
 * String file = image.get("file_name").text();
 * // captions.json line 3: images[0].file_name is 7; expected a text
 * }</pre>
 */
public final class JsonValue {
  private final JsonFile file;
  private final ImmutableList<Object> path;
  private final JsonNode node;

  JsonValue(JsonFile file, ImmutableList<Object> path, JsonNode node) {
    this.file = file;
    this.path = path;
    this.node = node;
  }

  /** The tree of this value. */
  public JsonNode node() {
    return node;
  }

  /** The field of a key. */
  public JsonValue get(String key) {
    return find(key)
        .orElseThrow(
            () -> {
              List<String> keys = Lists.newArrayList(node.fieldNames());
              String hint =
                  NearestName.among(keys, key)
                      .map(near -> "; is " + near + " meant for it?")
                      .orElse("; its keys are " + keys);
              return file.error(path, JsonExpectation.text(child(key)) + " is missing" + hint);
            });
  }

  /** The field of a key, if it is there and not null. */
  public Optional<JsonValue> find(String key) {
    if (!node.isObject()) {
      throw expected("an object with " + key);
    }
    return node.hasNonNull(key)
        ? Optional.of(new JsonValue(file, child(key), node.get(key)))
        : Optional.empty();
  }

  /** The elements of a list. */
  public ImmutableList<JsonValue> items() {
    if (!node.isArray()) {
      throw expected("a list");
    }
    ImmutableList.Builder<JsonValue> items = ImmutableList.builder();
    for (int i = 0; i < node.size(); i++) {
      items.add(new JsonValue(file, child(i), node.get(i)));
    }
    return items.build();
  }

  /** The fields of an object, in their order. */
  public ImmutableMap<String, JsonValue> fields() {
    if (!node.isObject()) {
      throw expected("an object");
    }
    ImmutableMap.Builder<String, JsonValue> fields = ImmutableMap.builder();
    node.properties()
        .forEach(
            field ->
                fields.put(
                    field.getKey(), new JsonValue(file, child(field.getKey()), field.getValue())));
    return fields.build();
  }

  /** A text. */
  public String text() {
    if (!node.isTextual()) {
      throw expected("a text");
    }
    return node.textValue();
  }

  /** A whole number that fits a {@code long}. */
  public long whole() {
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw expected("a whole number");
    }
    return node.longValue();
  }

  /** A whole number between two, both included. */
  public int whole(int least, int most) {
    boolean fits = node.isIntegralNumber() && node.canConvertToInt();
    if (!fits || node.intValue() < least || node.intValue() > most) {
      throw expected("a whole number from %d to %d".formatted(least, most));
    }
    return node.intValue();
  }

  /** A finite number. */
  public double number() {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw expected("a number");
    }
    return node.doubleValue();
  }

  /** True or false. */
  public boolean flag() {
    if (!node.isBoolean()) {
      throw expected("true or false");
    }
    return node.booleanValue();
  }

  /** The error that something else was expected here, for checks of the caller's own. */
  public IllegalArgumentException expected(String what) {
    String where = path.isEmpty() ? "the whole" : JsonExpectation.text(path);
    return file.error(
        path, "%s is %s; expected %s".formatted(where, JsonExpectation.found(node), what));
  }

  private ImmutableList<Object> child(Object step) {
    return ImmutableList.builder().addAll(path).add(step).build();
  }
}
