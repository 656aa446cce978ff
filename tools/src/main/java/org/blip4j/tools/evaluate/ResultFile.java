package org.blip4j.tools.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.io.Files;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.JsonValue;
import org.blip4j.data.sample.Sample;
import org.blip4j.tools.console.Console;

/**
 * Results as the servers of COCO, NoCaps and VQA take them: a JSON list of objects with a number
 * and a text, such as {@code [{"image_id": 391895, "caption": "a dog"}]}.
 *
 * @param id the key of the number
 * @param text the key of the text
 */
record ResultFile(String id, String text) {
  /** Captions by image. */
  static final ResultFile CAPTIONS = new ResultFile("image_id", "caption");

  /** Answers by question. */
  static final ResultFile ANSWERS = new ResultFile("question_id", "answer");

  private static final int SHOWN = 5;
  private static final Pattern LAST_NUMBER = Pattern.compile("(?:.*_)?0*(\\d+)");
  private static final Pattern WHOLE = Pattern.compile("0|[1-9]\\d{0,17}");
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /**
   * What a sample is called in a result: its column, or else the number behind the last {@code _}
   * of its key without ending ({@code COCO_val2014_000000391895.jpg} is 391895), or else the key.
   */
  String of(Sample sample) {
    return sample
        .columns()
        .text(id)
        .orElseGet(
            () -> {
              String name = Files.getNameWithoutExtension(sample.key());
              Matcher number = LAST_NUMBER.matcher(name);
              return number.matches() ? number.group(1) : sample.key();
            });
  }

  /**
   * Reads results by their numbers. Two results for one number are refused unless they are equal.
   */
  Map<String, String> read(Path file) throws IOException {
    Map<String, String> results = new LinkedHashMap<>();
    for (JsonValue one : JsonFile.read(file).root().items()) {
      String number = key(one.get(id));
      String said = one.get(text).text();
      String before = results.putIfAbsent(number, said);
      if (before != null && !before.equals(said)) {
        throw new IllegalArgumentException(
            "%s: %s %s has two results, \"%s\" and \"%s\"; keep one"
                .formatted(file, id, number, before, said));
      }
    }
    if (results.isEmpty()) {
      throw new IllegalArgumentException(file + " has no results");
    }
    return results;
  }

  /** A number, or a text that stands for one. */
  static String key(JsonValue value) {
    JsonNode node = value.node();
    if (!node.isIntegralNumber() && !node.isTextual()) {
      throw value.expected("a whole number or a text");
    }
    return node.asText();
  }

  /**
   * Refuses results that do not belong to what they are measured by: unknown numbers always,
   * missing ones unless a part is enough.
   */
  void requireFit(Path file, Set<String> results, Set<String> known, boolean partial) {
    List<String> unknown = results.stream().filter(one -> !known.contains(one)).toList();
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has results of %d unknown %ss, which belong to another set: %s"
              .formatted(file, unknown.size(), id, shown(unknown)));
    }
    List<String> missing = known.stream().filter(one -> !results.contains(one)).toList();
    if (!missing.isEmpty() && !partial) {
      throw new IllegalArgumentException(
          "%s has no results of %d of %d %ss: %s; give --partial to measure the rest"
              .formatted(file, missing.size(), known.size(), id, shown(missing)));
    }
  }

  private static String shown(List<String> numbers) {
    List<String> first = new ArrayList<>(numbers.subList(0, Math.min(SHOWN, numbers.size())));
    if (numbers.size() > SHOWN) {
      first.add("...");
    }
    return String.join(", ", first);
  }

  /** Says which results have no words; they count as they are. */
  void noteEmpty(Map<String, String> results, Console console) {
    List<String> empty =
        results.keySet().stream().filter(number -> results.get(number).isBlank()).toList();
    if (!empty.isEmpty()) {
      console.warn("%d results have an empty %s: %s", empty.size(), text, shown(empty));
    }
  }

  /** Writes results, one a line. */
  void write(Path file, Map<String, String> results) throws IOException {
    try (AtomicFile out = AtomicFile.create(file)) {
      OutputStream stream = out.stream();
      String before = "[\n";
      for (Map.Entry<String, String> result : results.entrySet()) {
        Map<String, Object> row = new LinkedHashMap<>();
        String number = result.getKey();
        row.put(id, WHOLE.matcher(number).matches() ? (Object) Long.valueOf(number) : number);
        row.put(text, result.getValue());
        stream.write((before + MAPPER.writeValueAsString(row)).getBytes(StandardCharsets.UTF_8));
        before = ",\n";
      }
      stream.write("\n]\n".getBytes(StandardCharsets.UTF_8));
      out.commit();
    }
  }
}
