package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Holds the table of names against the state dicts of full-size models, both ways, a row for each
 * thing: numbers of tensors and values, names, ties, the variables of the model, its image size.
 */
final class KeysChecker implements GoldenChecker {
  private static final Pattern IMAGE_SIZE = Pattern.compile("image (\\d+)");

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    JsonNode cases = golden.cases();
    List<Path> files;
    try (Stream<Path> all = Files.list(golden.path())) {
      files = all.filter(KeyList::isList).sorted().toList();
    }
    for (JsonNode listed : cases.path("lists")) {
      Path file = golden.file(listed.path("file").asText());
      if (!files.contains(file)) {
        rows.accept(CheckRow.failed(golden.name(), listed.path("file").asText(), "is missing"));
        continue;
      }
      counts(golden, KeyList.read(file), listed, rows);
    }
    for (Path file : files) {
      KeyList list = KeyList.read(file);
      try {
        KeyCorrespondence keys = KeyCorrespondence.of(list);
        row(golden, list, "names", keys.namesProblem(), rows);
        row(golden, list, "ties", keys.tiesProblem(), rows);
        row(golden, list, "variables", keys.variablesProblem(), rows);
        equal(golden, list, "image size", keys.imageSize(), builtWith(cases, list), rows);
      } catch (IllegalArgumentException e) {
        rows.accept(CheckRow.failed(golden.name(), list.model(), e.getMessage()));
      }
    }
  }

  private static void counts(Golden golden, KeyList list, JsonNode listed, RowSink rows) {
    equal(golden, list, "tensors", list.tensors().size(), listed.path("tensors"), rows);
    equal(golden, list, "values", list.values(), listed.path("values"), rows);
    equal(golden, list, "tied_groups", list.tied().size(), listed.path("tied_groups"), rows);
    long sharing = list.tied().stream().mapToLong(List::size).sum();
    equal(
        golden, list, "names_sharing_storage", sharing, listed.path("names_sharing_storage"), rows);
    int example = 0;
    for (JsonNode group : listed.path("tied_example")) {
      String stored = example < list.tied().size() ? list.tied().get(example).toString() : "none";
      String expected = strings(group).toString();
      row(
          golden,
          list,
          "tied_example " + example++,
          stored.equals(expected) ? null : stored + ", expected " + expected,
          rows);
    }
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(one -> strings.add(one.asText()));
    return strings;
  }

  /** The image size that is stated for a model: its own, or that of all of Hugging Face's. */
  private static String builtWith(JsonNode cases, KeyList list) {
    if (list.model().startsWith("hf-")) {
      Matcher stated = IMAGE_SIZE.matcher(cases.path("hf").asText());
      return stated.find() ? stated.group(1) : "";
    }
    String task = list.model().replaceFirst("-(base|large)$", "");
    for (Map.Entry<String, JsonNode> entry : cases.path("built_with").properties()) {
      if (List.of(entry.getKey().split(", ", -1)).contains(task)) {
        return entry.getValue().asText().replace("image ", "");
      }
    }
    return "";
  }

  private static void equal(
      Golden golden, KeyList list, String what, long found, Object expected, RowSink rows) {
    String wanted = Objects.toString(expected);
    boolean same = wanted.equals(Long.toString(found));
    row(golden, list, what, same ? null : found + ", expected " + wanted, rows);
  }

  private static void row(Golden golden, KeyList list, String what, String problem, RowSink rows) {
    String check = list.model() + " " + what;
    rows.accept(
        problem == null
            ? CheckRow.passed(golden.name(), check, 0, 0)
            : CheckRow.deviates(golden.name(), check, 1, 0, problem));
  }
}
