package org.blip4j.tools.serve;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.tensorflow.proto.DataType;

/** The elements of a tensor that is being read from JSON, one row after the other. */
final class TensorElements {
  private final DataType dtype;
  private final List<byte[]> strings = new ArrayList<>();
  private final List<Number> numbers = new ArrayList<>();
  private long[] shape;

  TensorElements(DataType dtype) {
    this.dtype = dtype;
  }

  int size() {
    return strings.size() + numbers.size();
  }

  /** The shape of a row; null before the first one. */
  long[] shape() {
    return shape;
  }

  /** Sets the shape of a row. */
  void shape(long... row) {
    shape = row;
  }

  /** All elements as a tensor of a shape. */
  TensorData tensor(long... wanted) {
    return dtype == DataType.DT_STRING
        ? TensorData.ofStrings(wanted, strings.toArray(new byte[0][]))
        : TensorData.ofNumbers(dtype, wanted, numbers);
  }

  /** Adds the elements of lists within lists of the given sizes. */
  void fill(JsonValue value, int level, long... sizes) throws ServingException {
    if (!value.isArray()) {
      if (level != sizes.length) {
        throw RequestJson.wrong(
            value,
            "found at incorrect level: %d in the JSON DOM. Expected at level: %d"
                .formatted(level + 1, sizes.length));
      }
      element(value);
      return;
    }
    if (level >= sizes.length) {
      throw ServingException.invalid(
          "Encountered list at unexpected level: %d expected < %d".formatted(level, sizes.length));
    }
    if (value.items().size() != sizes[level]) {
      throw ServingException.invalid(
          "Encountered list at unexpected size: %d at level: %d expected size: %d"
              .formatted(value.items().size(), level, sizes[level]));
    }
    for (JsonValue item : value.items()) {
      fill(item, level + 1, sizes);
    }
  }

  private void element(JsonValue value) throws ServingException {
    if (dtype == DataType.DT_STRING && value.isObject()) {
      strings.add(base64(value));
    } else if (dtype == DataType.DT_STRING && value.type() == JsonValue.Type.String) {
      strings.add(value.text());
    } else {
      numbers.add(number(value, dtype));
    }
  }

  private static Number number(JsonValue value, DataType dtype) throws ServingException {
    Number number = value.number();
    boolean fits =
        switch (dtype) {
          case DT_FLOAT, DT_DOUBLE -> number != null;
          case DT_INT64 -> number instanceof Long;
          case DT_INT32, DT_UINT8 -> number instanceof Long whole && whole.intValue() == whole;
          case DT_BOOL ->
              value.type() == JsonValue.Type.True || value.type() == JsonValue.Type.False;
          default -> false;
        };
    if (!fits) {
      String name = dtype.name().replace("DT_", "").toLowerCase(Locale.ROOT);
      throw RequestJson.wrong(
          value, "Type: %s is not of expected type: %s".formatted(value.type(), name));
    }
    return dtype == DataType.DT_BOOL
        ? (Number) (value.type() == JsonValue.Type.True ? 1 : 0)
        : number;
  }

  /** The bytes of {@code {"b64": ..}}; padding and white space as Abseil has them. */
  static byte[] base64(JsonValue value) throws ServingException {
    if (!value.isBase64()) {
      throw RequestJson.wrong(value, "not formatted correctly for base64 data");
    }
    byte[] text = value.members().get(0).value().text();
    int size = 0;
    byte[] dense = new byte[text.length];
    for (byte b : text) {
      if (b != ' ' && (b < '\t' || b > '\r')) {
        dense[size++] = b == '.' ? (byte) '=' : b;
      }
    }
    try {
      return Base64.getDecoder().decode(Arrays.copyOf(dense, size));
    } catch (IllegalArgumentException e) {
      throw ServingException.invalid("Unable to base64 decode");
    }
  }
}
