package org.blip4j.tools.weights;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Names that differ in numbers only, as one line: {@code blocks.#.norm1.bias (12)}. */
final class NameGroups {
  private static final int MANY = 20;

  private NameGroups() {}

  /**
   * The same, by the first part of the names only if there are many: {@code temp, blocks.* (9)}.
   */
  static List<String> brief(Collection<String> names) {
    List<String> groups = of(names);
    if (groups.size() <= MANY) {
      return groups;
    }
    Map<String, Integer> parts = new TreeMap<>();
    for (String name : names) {
      int end = name.indexOf('.');
      parts.merge(end < 0 ? name : name.substring(0, end) + ".*", 1, Integer::sum);
    }
    return parts.entrySet().stream()
        .map(
            part ->
                part.getValue() == 1 ? part.getKey() : part.getKey() + " (" + part.getValue() + ")")
        .toList();
  }

  static List<String> of(Collection<String> names) {
    Map<String, Integer> counts = new TreeMap<>();
    Map<String, String> single = new TreeMap<>();
    for (String name : names) {
      String group = name.replaceAll("(?<=[./])\\d+(?=[./])", "#");
      counts.merge(group, 1, Integer::sum);
      single.put(group, name);
    }
    return counts.entrySet().stream()
        .map(
            entry ->
                entry.getValue() == 1
                    ? single.get(entry.getKey())
                    : entry.getKey() + " (" + entry.getValue() + ")")
        .toList();
  }
}
