package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Ascii;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;

/** Compares a file of JSON lines field by field, one row for each field over all lines. */
final class JsonLines {
  /** Computes one field of a line; null if the field is an input. */
  @FunctionalInterface
  interface FieldFunction {
    JsonNode compute(String field, JsonNode line);
  }

  private static final class Tally {
    private long lines;
    private long wrong;
    private String first;
  }

  private JsonLines() {}

  /** Computes every field of every line and reports how many lines differ. */
  static void check(Golden golden, FieldFunction function, RowSink rows) throws IOException {
    Map<String, Tally> tallies = new LinkedHashMap<>();
    long number = 0;
    try (BufferedReader reader = Files.newBufferedReader(golden.path())) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        String where = golden.path() + ":" + ++number;
        JsonNode line = Golden.readJson(where, text);
        for (Map.Entry<String, JsonNode> field : line.properties()) {
          JsonNode actual = function.compute(field.getKey(), line);
          if (actual != null) {
            Tally tally = tallies.computeIfAbsent(field.getKey(), name -> new Tally());
            count(tally, number, actual, field.getValue());
          }
        }
      }
    }
    for (Map.Entry<String, Tally> entry : tallies.entrySet()) {
      Tally tally = entry.getValue();
      rows.accept(row(golden, entry.getKey(), tally, number));
    }
  }

  private static void count(Tally tally, long number, JsonNode actual, JsonNode expected) {
    tally.lines++;
    if (!actual.toString().equals(expected.toString())) { // 1 as int and as long are one number
      tally.wrong++;
      if (tally.first == null) {
        tally.first = "line %d: %s, expected %s".formatted(number, brief(actual), brief(expected));
      }
    }
  }

  private static String brief(JsonNode node) {
    return Ascii.truncate(node.toString(), 160, "...");
  }

  private static CheckRow row(Golden golden, String field, Tally tally, long lines) {
    if (tally.lines < lines) {
      return CheckRow.failed(
          golden.name(), field, "stands in %d of %d lines only".formatted(tally.lines, lines));
    }
    return tally.wrong == 0
        ? CheckRow.passed(golden.name(), field, 0, 0)
        : CheckRow.deviates(
            golden.name(),
            field,
            (double) tally.wrong,
            0,
            "%d of %d lines differ, first %s".formatted(tally.wrong, lines, tally.first));
  }
}
