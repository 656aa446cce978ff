package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/**
 * A value of a JSON document, read as TensorFlow Serving reads it (RapidJSON's iterative parser):
 * any depth; {@code NaN} and {@code Infinity} are numbers; a byte order mark may stand in front;
 * bytes of strings are not checked; what follows the document is not looked at; of members with one
 * name the first counts. No library for Java has these rules, let alone the texts and places of the
 * errors.
 *
 * @param type what it is, by the names that error texts have
 * @param text the bytes of a string
 * @param number {@link Long}, {@link BigInteger} up to 2^64 - 1, or {@link Double}
 * @param items of an array
 * @param members of an object, in their order
 */
@SuppressWarnings("ArrayRecordComponent") // bytes that nobody compares or changes
record JsonValue(
    Type type, byte[] text, Number number, List<JsonValue> items, List<Member> members) {
  /** Types, by the names that error texts have. */
  enum Type {
    Null,
    False,
    True,
    Object,
    Array,
    String,
    Number
  }

  /** A member of an object. */
  @SuppressWarnings("ArrayRecordComponent") // bytes that nobody compares or changes
  record Member(byte[] name, JsonValue value) {
    String nameText() {
      return new String(name, UTF_8);
    }
  }

  /** Reads a document. */
  static JsonValue parse(byte[] json) throws ServingException {
    if (json.length == 0) {
      throw ServingException.invalid("JSON Parse error: The document is empty");
    }
    return new JsonParser(json).document();
  }

  /** The value of the first member of a name. */
  Optional<JsonValue> member(String name) {
    return members.stream()
        .filter(member -> member.nameText().equals(name))
        .map(Member::value)
        .findFirst();
  }

  /** Whether it is {@code {"b64": "..."}} and nothing else. */
  boolean isBase64() {
    return type == Type.Object
        && members.size() == 1
        && members.get(0).nameText().equals("b64")
        && members.get(0).value().type == Type.String;
  }

  boolean isObject() {
    return type == Type.Object;
  }

  boolean isArray() {
    return type == Type.Array;
  }

  /** The text of a string. */
  String string() {
    return new String(text, UTF_8);
  }
}
