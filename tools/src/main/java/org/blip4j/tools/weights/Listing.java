package org.blip4j.tools.weights;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is in a file or folder: some facts about the whole, and a row for each thing in it.
 *
 * @param facts by name, what it is first
 * @param rows each by the names of its columns
 */
record Listing(Map<String, Object> facts, List<Map<String, Object>> rows) {
  Listing(String path, String kind) {
    this(new LinkedHashMap<>(), new ArrayList<>());
    facts.put("path", path);
    facts.put("kind", kind);
  }

  void fact(String name, Object value) {
    facts.put(name, value);
  }

  /** Adds a row of names and values in turn; nulls are left out. */
  void row(Object... columns) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (int i = 0; i < columns.length; i += 2) {
      if (columns[i + 1] != null) {
        row.put((String) columns[i], columns[i + 1]);
      }
    }
    rows.add(row);
  }

  /** For people: facts, then rows with their values in columns. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    facts.forEach((name, value) -> lines.add("%-14s %s".formatted(name.replace('_', ' '), value)));
    int width = rows.stream().mapToInt(row -> first(row).length()).max().orElse(1);
    for (Map<String, Object> row : rows) {
      StringBuilder line = new StringBuilder(("  %-" + width + "s").formatted(first(row)));
      row.values().stream().skip(1).forEach(value -> line.append("  ").append(value));
      lines.add(line.toString());
    }
    return lines;
  }

  private static String first(Map<String, Object> row) {
    return row.values().iterator().next().toString();
  }
}
