package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;

/**
 * Reads a JSON document from its beginning to its end by the rules of {@link JsonValue}, without
 * recursion.
 */
final class JsonParser {
  /** Each takes some sixty bytes; a long document may have more, one for each six bytes. */
  private static final int MOST_VALUES = 1_000_000;

  /** An object or array that is being read. */
  private static final class Open {
    private final JsonValue value;
    private byte[] name;

    Open(JsonValue value) {
      this.value = value;
    }

    void add(JsonValue item) {
      if (value.isArray()) {
        value.items().add(item);
      } else {
        value.members().add(new JsonValue.Member(name, item));
      }
    }

    boolean empty() {
      return value.isArray() ? value.items().isEmpty() : value.members().isEmpty();
    }
  }

  private final byte[] json;
  private int at;
  private int values;

  JsonParser(byte[] json) {
    this.json = json;
    boolean mark =
        json.length >= 3
            && json[0] == (byte) 0xef
            && json[1] == (byte) 0xbb
            && json[2] == (byte) 0xbf;
    this.at = mark ? 3 : 0;
  }

  JsonValue document() throws ServingException {
    skipSpace();
    if (peek() == 0) {
      throw error("The document is empty.", at);
    }
    ArrayDeque<Open> open = new ArrayDeque<>();
    while (true) {
      JsonValue value = value();
      if (value.isArray() || value.isObject()) {
        open.push(new Open(value));
      } else if (open.isEmpty()) {
        return value;
      } else {
        open.peek().add(value);
      }
      while (!beforeValue(open.peek())) {
        JsonValue whole = open.pop().value;
        if (open.isEmpty()) {
          return whole;
        }
        open.peek().add(whole);
      }
    }
  }

  /** Goes on to the next value of an object or array; returns false at its end. */
  private boolean beforeValue(Open open) throws ServingException {
    boolean array = open.value.isArray();
    skipSpace();
    if (take(array ? ']' : '}')) {
      return false;
    }
    if (!open.empty() && !take(',')) {
      throw error(
          array
              ? "Missing a comma or ']' after an array element."
              : "Missing a comma or '}' after an object member.",
          at);
    }
    skipSpace();
    if (!array) {
      if (peek() != '"') {
        throw error("Missing a name for object member.", at);
      }
      open.name = string();
      skipSpace();
      if (!take(':')) {
        throw error("Missing a colon after a name of object member.", at);
      }
      skipSpace();
    }
    return true;
  }

  /** A whole scalar, or the beginning of an object or array. */
  private JsonValue value() throws ServingException {
    int most = Math.max(MOST_VALUES, json.length / 6);
    if (++values > most) {
      throw error("More than " + most + " values; send less at once.", at);
    }
    return switch (peek()) {
      case '{' -> {
        at++;
        yield new JsonValue(JsonValue.Type.Object, null, null, null, new ArrayList<>());
      }
      case '[' -> {
        at++;
        yield new JsonValue(JsonValue.Type.Array, null, null, new ArrayList<>(), null);
      }
      case '"' -> new JsonValue(JsonValue.Type.String, string(), null, null, null);
      case 'n' -> literal("null", JsonValue.Type.Null);
      case 't' -> literal("true", JsonValue.Type.True);
      case 'f' -> literal("false", JsonValue.Type.False);
      default -> new JsonValue(JsonValue.Type.Number, null, number(), null, null);
    };
  }

  private JsonValue literal(String letters, JsonValue.Type type) throws ServingException {
    expect(letters);
    return new JsonValue(type, null, null, null, null);
  }

  private void expect(String letters) throws ServingException {
    for (int i = 0; i < letters.length(); i++) {
      if (!take(letters.charAt(i))) {
        throw error("Invalid value.", at);
      }
    }
  }

  private Number number() throws ServingException {
    int start = at;
    boolean minus = take('-');
    if (peek() == 'N') {
      expect("NaN");
      return Double.NaN;
    }
    if (peek() == 'I') {
      expect("Inf");
      if (peek() == 'i') {
        expect("inity");
      }
      return minus ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    if (!digit()) {
      throw error("Invalid value.", at);
    }
    if (!take('0')) {
      digits();
    }
    boolean whole = true;
    if (take('.')) {
      whole = false;
      if (!digit()) {
        throw error("Miss fraction part in number.", at);
      }
      digits();
    }
    if (take('e') || take('E')) {
      whole = false;
      boolean unused = take('+') || take('-');
      if (!digit()) {
        throw error("Miss exponent in number.", at);
      }
      digits();
    }
    return numberOf(new String(json, start, at - start, ISO_8859_1), whole, start);
  }

  private Number numberOf(String token, boolean whole, int start) throws ServingException {
    if (whole && token.length() <= 20) {
      BigInteger integer = new BigInteger(token);
      if (integer.bitLength() < 64) {
        return integer.longValueExact();
      }
      if (integer.signum() > 0 && integer.bitLength() <= 64) {
        return integer;
      }
    }
    double value = Double.parseDouble(token);
    if (Double.isInfinite(value)) {
      throw error("Number too big to be stored in double.", start);
    }
    return value;
  }

  private byte[] string() throws ServingException {
    at++;
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    while (true) {
      int c = peek();
      if (c == '"') {
        at++;
        return text.toByteArray();
      }
      if (c == 0) {
        throw error("Missing a closing quotation mark in string.", at);
      }
      if (c < 32) {
        throw error("Invalid escape character in string.", at);
      }
      if (c == '\\') {
        escape(text);
      } else {
        int from = at;
        do {
          at++;
        } while (peek() >= 32 && peek() != '"' && peek() != '\\');
        text.write(json, from, at - from);
      }
    }
  }

  private void escape(ByteArrayOutputStream text) throws ServingException {
    int start = at;
    at++;
    int c = peek();
    int plain = "\"\\/bfnrt".indexOf(c);
    if (c == 'u') {
      at++;
      int point = hex(start);
      if (Character.isSurrogate((char) point)) {
        boolean pair = Character.isHighSurrogate((char) point) && take('\\') && take('u');
        int low = pair ? hex(start) : 0;
        if (!pair || !Character.isLowSurrogate((char) low)) {
          throw error("The surrogate pair in string is invalid.", start);
        }
        point = Character.toCodePoint((char) point, (char) low);
      }
      text.writeBytes(Character.toString(point).getBytes(UTF_8));
    } else if (plain >= 0 && c != 0) {
      at++;
      text.write("\"\\/\b\f\n\r\t".charAt(plain));
    } else {
      throw error("Invalid escape character in string.", start);
    }
  }

  private int hex(int start) throws ServingException {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(peek(), 16);
      if (digit < 0) {
        throw error("Incorrect hex digit after \\u escape in string.", start);
      }
      value = value * 16 + digit;
      at++;
    }
    return value;
  }

  private boolean digit() {
    return peek() >= '0' && peek() <= '9';
  }

  private void digits() {
    while (digit()) {
      at++;
    }
  }

  private void skipSpace() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
      at++;
    }
  }

  /** The next byte; 0 at the end. */
  private int peek() {
    return at < json.length ? json[at] & 0xff : 0;
  }

  private boolean take(char wanted) {
    boolean there = peek() == wanted;
    if (there) {
      at++;
    }
    return there;
  }

  private static ServingException error(String what, int offset) {
    return ServingException.invalid("JSON Parse error: " + what + " at offset: " + offset);
  }
}
