package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.math.BigInteger;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.blip4j.data.weights.StoredTensor;

/** Counts the differences between what a checkpoint holds and its description in JSON. */
final class StoredContent {
  private int compared;
  private int wrong;
  private String first;

  /** The outcome so far. */
  CheckRow row(String name, String check) {
    if (compared == 0) {
      return CheckRow.failed(name, check, "holds nothing that could be compared");
    }
    return wrong == 0
        ? CheckRow.passed(name, check, 0, 0)
        : CheckRow.deviates(
            name,
            check,
            wrong,
            0,
            "%d of %d values differ, first %s".formatted(wrong, compared, first));
  }

  /** Compares plain values and tensors: numbers bit for bit, NaN equal to itself. */
  void compare(String where, Object actual, JsonNode expected) throws IOException {
    if (actual instanceof StoredTensor tensor) {
      tensor(where, tensor, expected);
    } else if (actual instanceof Map<?, ?> map) {
      map(where, map, expected);
    } else if (actual instanceof List<?> list && expected.isArray()) {
      expect(list.size() == expected.size(), where, list.size() + " items", expected);
      for (int i = 0; i < Math.min(list.size(), expected.size()); i++) {
        compare(where + "[" + i + "]", list.get(i), expected.get(i));
      }
    } else {
      expect(isSame(actual, expected), where, actual, expected);
    }
  }

  private void map(String where, Map<?, ?> actual, JsonNode expected) throws IOException {
    Set<String> names = new LinkedHashSet<>();
    for (Map.Entry<?, ?> entry : actual.entrySet()) {
      String name = String.valueOf(entry.getKey());
      names.add(name);
      JsonNode value = expected.path(name);
      if (value.isMissingNode()) {
        expect(false, where + "/" + name, "present", value);
      } else {
        compare(where + "/" + name, entry.getValue(), value);
      }
    }
    for (Map.Entry<String, JsonNode> entry : expected.properties()) {
      expect(names.contains(entry.getKey()), where + "/" + entry.getKey(), "missing", expected);
    }
  }

  private void tensor(String where, StoredTensor tensor, JsonNode expected) throws IOException {
    String type =
        switch (tensor.type()) {
          case F64 -> "float64";
          case F32 -> "float32";
          case F16 -> "float16";
          case BF16 -> "bfloat16";
          case I64 -> "int64";
          case I32 -> "int32";
          case I16 -> "int16";
          case I8 -> "int8";
          case U8 -> "uint8";
          case BOOL -> "bool";
        };
    expect(type.equals(expected.path("dtype").asText()), where, type, expected.path("dtype"));
    String shape = tensor.shape().toString().replaceAll("[^\\d,]", "");
    String wanted = expected.path("shape").toString().replaceAll("[^\\d,]", "");
    expect(shape.equals(wanted), where, "[" + shape + "]", expected.path("shape"));
    JsonNode values = expected.path("values");
    if (tensor.shape().size() != values.size()) {
      expect(false, where, tensor.shape().size() + " values", values);
      return;
    }
    boolean whole = tensor.type().isInteger();
    long[] longs = whole ? tensor.longs() : new long[0];
    double[] doubles = whole ? new double[0] : tensor.doubles();
    for (int i = 0; i < values.size(); i++) {
      Object actual = whole ? (Object) longs[i] : (Object) doubles[i];
      boolean truth = whole && values.get(i).isBoolean();
      expect(
          isSame(truth ? (Object) (longs[i] != 0) : actual, values.get(i)),
          where + "[" + i + "]",
          actual,
          values.get(i));
    }
  }

  private static boolean isSame(Object actual, JsonNode expected) {
    if (actual == null) {
      return expected.isNull();
    }
    if (actual instanceof Double number) {
      double wanted = expected.isTextual() ? special(expected.asText()) : expected.doubleValue();
      return (expected.isTextual() || expected.isNumber()) && number.equals(wanted);
    }
    if (actual instanceof Long || actual instanceof BigInteger) {
      return expected.isIntegralNumber()
          && expected.bigIntegerValue().equals(new BigInteger(actual.toString()));
    }
    if (actual instanceof Boolean truth) {
      return expected.isBoolean() && expected.booleanValue() == truth;
    }
    return expected.isTextual() && actual.equals(expected.textValue());
  }

  private static double special(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "infinity" -> Double.POSITIVE_INFINITY;
      case "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw new IllegalArgumentException("'" + text + "' is no number");
    };
  }

  private void expect(boolean same, String where, Object actual, JsonNode expected) {
    compared++;
    if (!same) {
      wrong++;
      if (first == null) {
        String text = expected.toString();
        first =
            where + ": " + actual + ", expected " + text.substring(0, Math.min(80, text.length()));
      }
    }
  }
}
