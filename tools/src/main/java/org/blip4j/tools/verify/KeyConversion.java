package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.TwoImageCopies;
import org.blip4j.graph.weights.WeightNames;

/**
 * {@code key_conversion.json}: the names of a pre-training checkpoint before and after the
 * two-image model's loader, which of them are copies of what, and what the model then misses and
 * leaves over.
 *
 * @param golden the golden
 * @param checkpoint the pre-training checkpoint
 * @param report what our import made of it
 */
record KeyConversion(Golden golden, Path checkpoint, ImportReport report) {
  private static final String FILE = "key_conversion";

  /** The one buffer that upstream's model has and ours does not. */
  private static final String BUFFER = "text_encoder.embeddings.position_ids";

  private static final String COPIED = "copied from ";
  private static final int SHOWN = 3;

  /** Compares every list. */
  void check(WeightNames names, RowSink rows) throws IOException {
    JsonNode expected = Golden.readJson(golden.file(FILE + ".json"));
    List<String> before = stored();
    Map<String, String> copied = imported(names);
    List<String> after = new ArrayList<>(before);
    Set<String> unexpected = new TreeSet<>(report.leftOver());
    unexpected.addAll(report.unknown());
    unexpected.addAll(report.skipped());
    unexpected.remove(BUFFER);
    for (String name : before) {
      for (String copy : TwoImageCopies.of(name)) {
        after.add(copy);
        if (copied.putIfAbsent(copy, name) == null) {
          unexpected.add(copy); // a tower that the model does not have
        }
      }
    }
    Set<String> missing = new LinkedHashSet<>();
    report.fresh().forEach(variable -> missing.add(names.published(variable).get(0).name()));
    if (!before.contains(BUFFER)) {
      missing.add(BUFFER);
    }
    row("before", before, strings(expected.path("before")), rows);
    row("after", after, strings(expected.path("after")), rows);
    row("copied", sorted(pairs(copied)), sorted(pairs(expected.path("copied"))), rows);
    row("missing_keys", sorted(missing), sorted(strings(expected.path("missing_keys"))), rows);
    row(
        "unexpected_keys",
        sorted(unexpected),
        sorted(strings(expected.path("unexpected_keys"))),
        rows);
  }

  private List<String> stored() throws IOException {
    try (WeightFile file = WeightFile.open(checkpoint)) {
      return List.copyOf(file.tensors().keySet());
    }
  }

  /** The copies that our import made, under their published names. */
  private Map<String, String> imported(WeightNames names) {
    Map<String, String> copied = new LinkedHashMap<>();
    report
        .derived()
        .forEach(
            (variable, how) -> {
              if (how.startsWith(COPIED)) {
                copied.put(names.published(variable).get(0).name(), how.substring(COPIED.length()));
              }
            });
    return copied;
  }

  private static List<String> pairs(Map<String, String> copied) {
    return copied.entrySet().stream().map(e -> e.getKey() + " = " + e.getValue()).toList();
  }

  private static List<String> pairs(JsonNode copied) {
    Map<String, String> pairs = new LinkedHashMap<>();
    copied.properties().forEach(entry -> pairs.put(entry.getKey(), entry.getValue().asText()));
    return pairs(pairs);
  }

  private static List<String> strings(JsonNode list) {
    List<String> strings = new ArrayList<>();
    list.forEach(one -> strings.add(one.asText()));
    return strings;
  }

  private static List<String> sorted(Iterable<String> names) {
    List<String> sorted = new ArrayList<>();
    names.forEach(sorted::add);
    sorted.sort(null);
    return sorted;
  }

  private void row(String what, List<String> found, List<String> expected, RowSink rows) {
    String check = FILE + "." + what;
    if (found.equals(expected) && !found.isEmpty()) {
      rows.accept(CheckRow.passed(golden.name(), check, 0, 0));
      return;
    }
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < Math.max(found.size(), expected.size()); i++) {
      String ours = i < found.size() ? found.get(i) : "none";
      String theirs = i < expected.size() ? expected.get(i) : "none";
      if (!ours.equals(theirs)) {
        problems.add("%s at %d, expected %s".formatted(ours, i, theirs));
      }
    }
    String shown =
        problems.isEmpty()
            ? "nothing to compare"
            : String.join("; ", problems.subList(0, Math.min(SHOWN, problems.size())));
    rows.accept(CheckRow.deviates(golden.name(), check, Math.max(1, problems.size()), 0, shown));
  }
}
