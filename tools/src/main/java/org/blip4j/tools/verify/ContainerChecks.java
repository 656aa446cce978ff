package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Ascii;
import com.google.common.primitives.Doubles;
import com.google.common.primitives.Longs;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TorchCheckpoint;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;

/**
 * Reads every checkpoint container, a row a file: types, shapes and values of all tensors exactly,
 * and everything else that a nested checkpoint holds. Files named {@code refuse*}, {@code
 * truncated*} and {@code empty*} must be refused, the first with the name of the function that they
 * ask for.
 */
final class ContainerChecks {
  private static final Pattern GLOBAL = Pattern.compile("global ([\\w.]+\\w)");
  private static final Pattern REFUSED = Pattern.compile("(refuse|truncated|empty).*");

  private int compared;
  private int wrong;
  private String first;

  private ContainerChecks() {}

  static void check(GoldenRun run) throws IOException {
    JsonNode files = run.cases().path("files");
    JsonNode expected = run.golden().json("expected.json");
    Matcher global = GLOBAL.matcher(files.toString());
    String function = global.find() ? global.group(1) : "";
    for (Map.Entry<String, JsonNode> file : files.properties()) {
      String name = file.getKey();
      Path path = run.golden().file(name);
      if (!Files.exists(path)) {
        run.failed(name, "is missing");
      } else if (REFUSED.matcher(name).matches()) {
        refused(run, name, path, name.startsWith("refuse") ? function : "");
      } else {
        read(run, name, path, expected);
      }
    }
  }

  private static void refused(GoldenRun run, String name, Path path, String function)
      throws IOException {
    try (WeightFile file = WeightFile.open(path)) {
      run.failed(name, "was read (" + file.kind() + "), but must be refused");
    } catch (WeightFileException e) {
      if (e.getMessage().contains(function)) {
        run.exact(name, null);
      } else {
        run.failed(name, "is refused without naming " + function + ": " + e.getMessage());
      }
    }
  }

  private static void read(GoldenRun run, String name, Path path, JsonNode expected)
      throws IOException {
    ContainerChecks content = new ContainerChecks();
    try (WeightFile file = WeightFile.open(path)) {
      JsonNode nested = expected.path("nested");
      JsonNode model = nested.path("model");
      boolean isNested = model.has(file.tensors().keySet().stream().findFirst().orElse(""));
      content.compare("", file.tensors(), isNested ? model : expected.path("state_dict"));
      if (isNested && file instanceof TorchCheckpoint checkpoint) {
        Map<String, Object> entries = new LinkedHashMap<>();
        for (String entry : checkpoint.entries()) {
          entries.put(entry, checkpoint.entry(entry));
        }
        content.compare("", entries, nested);
      }
    } catch (WeightFileException e) {
      run.failed(name, e.getMessage());
      return;
    }
    if (content.compared == 0) {
      run.failed(name, "holds nothing that could be compared");
    } else if (content.wrong == 0) {
      run.exact(name, null);
    } else {
      run.row(
          CheckRow.deviates(
              run.golden().name(),
              name,
              content.wrong,
              0,
              "%d of %d values differ, first %s"
                  .formatted(content.wrong, content.compared, content.first)));
    }
  }

  /** Compares plain values and tensors: numbers bit for bit, NaN equal to itself. */
  private void compare(String where, Object actual, JsonNode expected) throws IOException {
    if (actual instanceof StoredTensor tensor) {
      compare(where, content(tensor, expected.path("values").path(0).isBoolean()), expected);
    } else if (actual instanceof Map<?, ?> map) {
      Set<String> names = new HashSet<>();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        String name = String.valueOf(entry.getKey());
        names.add(name);
        if (expected.has(name)) {
          compare(where + "/" + name, entry.getValue(), expected.path(name));
        } else {
          expect(false, where + "/" + name, "present", expected.path(name));
        }
      }
      for (Map.Entry<String, JsonNode> entry : expected.properties()) {
        String name = entry.getKey();
        expect(names.contains(name), where + "/" + name, "missing", entry.getValue());
      }
    } else if (actual instanceof List<?> list && expected.isArray()) {
      expect(list.size() == expected.size(), where, list.size() + " items", expected);
      for (int i = 0; i < Math.min(list.size(), expected.size()); i++) {
        compare(where + "[" + i + "]", list.get(i), expected.get(i));
      }
    } else {
      expect(isSame(actual, expected), where, actual, expected);
    }
  }

  /** A tensor as the description has it. */
  private static Map<String, Object> content(StoredTensor tensor, boolean truths)
      throws IOException {
    String type =
        switch (tensor.type()) {
          case F64 -> "float64";
          case F32 -> "float32";
          case F16 -> "float16";
          case BF16 -> "bfloat16";
          case U8 -> "uint8";
          case BOOL -> "bool";
          default -> tensor.type().name().replace("I", "int");
        };
    List<?> values =
        tensor.type().isInteger() ? Longs.asList(tensor.longs()) : Doubles.asList(tensor.doubles());
    return Map.of(
        "dtype",
        type,
        "shape",
        Longs.asList(tensor.shape().asArray()),
        "values",
        truths ? values.stream().map(value -> !value.equals(0L)).toList() : values);
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
        String text = Ascii.truncate(expected.toString(), 80, "...");
        first = where + ": " + actual + ", expected " + text;
      }
    }
  }
}
