package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayDeque;
import java.util.Locale;

/**
 * Writes JSON with the spaces and the forms of numbers that TensorFlow Serving's writer has
 * (RapidJSON's {@code PrettyWriter}). Strings are bytes: nothing is checked or replaced in them.
 */
final class JsonWriter {
  private static final int SHOWN = 256;

  /** An open object or array. */
  private static final class Level {
    private final boolean array;
    private int values;

    Level(boolean array) {
      this.array = array;
    }
  }

  private final int indent;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
  private final ArrayDeque<Level> levels = new ArrayDeque<>();
  private boolean arraysOnOneLine;

  /**
   * A writer.
   *
   * @param indent spaces of a level
   * @param arraysOnOneLine whether elements of arrays have no lines of their own
   */
  JsonWriter(int indent, boolean arraysOnOneLine) {
    this.indent = indent;
    this.arraysOnOneLine = arraysOnOneLine;
  }

  /** A value for an error text: pretty, and cut at the first token past 256 bytes. */
  static String shown(JsonValue value) {
    JsonWriter writer = new JsonWriter(4, true);
    boolean unused = writer.upToLimit(value);
    return writer.out.toString(UTF_8);
  }

  /** {@code {"error": text}}. */
  static byte[] error(String text) {
    return new JsonWriter(4, false)
        .startObject()
        .key("error")
        .string(text.getBytes(UTF_8))
        .endObject()
        .bytes();
  }

  void arraysOnOneLine(boolean now) {
    arraysOnOneLine = now;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  /** Writes a value; returns false where the limit cut it. */
  private boolean upToLimit(JsonValue value) {
    if (out.size() > SHOWN) {
      return false;
    }
    switch (value.type()) {
      case Object -> {
        startObject();
        for (JsonValue.Member member : value.members()) {
          if (out.size() > SHOWN) {
            return false;
          }
          string(member.name());
          if (!upToLimit(member.value())) {
            return false;
          }
        }
        if (out.size() > SHOWN) {
          return false;
        }
        endObject();
      }
      case Array -> {
        startArray();
        for (JsonValue item : value.items()) {
          if (!upToLimit(item)) {
            return false;
          }
        }
        if (out.size() > SHOWN) {
          return false;
        }
        endArray();
      }
      case String -> string(value.text());
      case Number -> raw(value.number() instanceof Double d ? plain(d) : value.number().toString());
      default -> raw(value.type().name().toLowerCase(Locale.ROOT));
    }
    return true;
  }

  JsonWriter startObject() {
    prefix();
    out.write('{');
    levels.push(new Level(false));
    return this;
  }

  JsonWriter endObject() {
    if (levels.pop().values > 0) {
      newLine();
    }
    out.write('}');
    return this;
  }

  JsonWriter startArray() {
    prefix();
    out.write('[');
    levels.push(new Level(true));
    return this;
  }

  JsonWriter endArray() {
    if (levels.pop().values > 0 && !arraysOnOneLine) {
      newLine();
    }
    out.write(']');
    return this;
  }

  JsonWriter key(String name) {
    return string(name.getBytes(UTF_8));
  }

  JsonWriter string(String text) {
    return string(text.getBytes(UTF_8));
  }

  JsonWriter string(byte[] text) {
    prefix();
    out.write('"');
    for (byte b : text) {
      int c = b & 0xff;
      int escape = "\"\\\b\f\n\r\t".indexOf(c);
      if (escape >= 0) {
        out.write('\\');
        out.write("\"\\bfnrt".charAt(escape));
      } else if (c < 0x20) {
        out.writeBytes("\\u%04X".formatted(c).getBytes(ISO_8859_1));
      } else {
        out.write(c);
      }
    }
    out.write('"');
    return this;
  }

  /** A number or a word as it stands. */
  JsonWriter raw(String token) {
    prefix();
    out.writeBytes(token.getBytes(ISO_8859_1));
    return this;
  }

  /** JSON that was written before. */
  JsonWriter raw(byte[] json) {
    prefix();
    out.writeBytes(json);
    return this;
  }

  /** Six digits if they read back as the same number, otherwise nine (seventeen). */
  JsonWriter decimal(Number value) {
    double number = value.doubleValue();
    if (Double.isNaN(number)) {
      return raw("NaN");
    }
    if (Double.isInfinite(number)) {
      return raw(number > 0 ? "Infinity" : "-Infinity");
    }
    String text = general(number, 6);
    boolean same =
        value instanceof Float
            ? Float.parseFloat(text) == (float) number
            : Double.parseDouble(text) == number;
    if (!same) {
      text = general(number, value instanceof Float ? 9 : 17);
    }
    return raw(text.matches("-?[0-9]+") ? text + ".0" : text);
  }

  /** The form {@code %g} of C: so many digits at most, no zeros behind. */
  private static String general(double value, int digits) {
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits)).stripTrailingZeros();
    int exponent = rounded.precision() - rounded.scale() - 1;
    if (exponent >= -4 && exponent < digits) {
      return rounded.toPlainString();
    }
    String unscaled = rounded.unscaledValue().abs().toString();
    String fraction = unscaled.length() == 1 ? "" : "." + unscaled.substring(1);
    return "%s%s%se%s%02d"
        .formatted(
            rounded.signum() < 0 ? "-" : "",
            unscaled.charAt(0),
            fraction,
            exponent < 0 ? "-" : "+",
            Math.abs(exponent));
  }

  /** How RapidJSON itself writes a double; nothing at all for those that JSON does not know. */
  private static String plain(double value) {
    if (!Double.isFinite(value)) {
      return "";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= -6 && exponent < 21) {
      String text = decimal.toPlainString();
      return text.contains(".") ? text : text + ".0";
    }
    String unscaled = decimal.unscaledValue().abs().toString();
    String fraction = unscaled.length() == 1 ? "" : "." + unscaled.substring(1);
    return (value < 0 ? "-" : "") + unscaled.charAt(0) + fraction + "e" + exponent;
  }

  private void prefix() {
    Level level = levels.peek();
    if (level == null) {
      return;
    }
    if (level.array) {
      if (level.values > 0) {
        out.write(',');
      }
      if (!arraysOnOneLine) {
        newLine();
      } else if (level.values > 0) {
        out.write(' ');
      }
    } else if (level.values % 2 == 1) {
      out.write(':');
      out.write(' ');
    } else {
      if (level.values > 0) {
        out.write(',');
      }
      newLine();
    }
    level.values++;
  }

  private void newLine() {
    out.write('\n');
    for (int i = 0; i < indent * levels.size(); i++) {
      out.write(' ');
    }
  }
}
