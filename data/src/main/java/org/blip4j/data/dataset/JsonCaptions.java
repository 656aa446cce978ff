package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import com.google.common.collect.Streams;
import com.google.common.primitives.Floats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.sample.Columns;

/**
 * Captions of a JSON or JSON Lines file.
 *
 * <p>Known forms: {@code {"file": "caption" or [captions]}}; a list (or lines) of {@code {"image":
 * ..., "caption": ... or [...]}}; COCO's {@code images} and {@code annotations}, whose ids meet if
 * they are equal as numbers (7, "7", "000007"); Karpathy's {@code images} with {@code sentences}.
 */
final class JsonCaptions {
  private static final Pattern NUMBER = Pattern.compile("\\+?0*(\\d+?)(?:\\.0*)?");
  private static final int SHOWN_FIELDS = 20;
  private static final int SHOWN_VALUE = 60;

  private final Path file;
  private final Reading reading;
  private final ImmutableList.Builder<Row> rows = ImmutableList.builder();
  private final ImmutableList.Builder<Problem> problems = ImmutableList.builder();

  JsonCaptions(Path file, Reading reading) {
    this.file = file;
    this.reading = reading;
  }

  private CaptionFile result() {
    return new CaptionFile(rows.build(), problems.build());
  }

  /** One object a line. */
  CaptionFile readLines() throws IOException {
    try (TextFile lines = TextFile.open(file)) {
      for (Optional<TextFile.Line> l = lines.next(); l.isPresent(); l = lines.next()) {
        TextFile.Line line = l.get();
        String place = "%s line %d".formatted(file, line.number());
        if (line.problem().isPresent()) {
          problems.add(new Problem(place, line.problem().get()));
        } else if (!line.text().isBlank()) {
          addLine(line, place);
        }
      }
    }
    return result();
  }

  private void addLine(TextFile.Line line, String place) {
    try {
      add(JsonFile.parse(line.text(), file.toString(), line.number()).tree(), place);
    } catch (IllegalArgumentException e) {
      String what = e.getMessage();
      problems.add(
          new Problem(place, what.startsWith(place) ? what.substring(place.length() + 2) : what));
    }
  }

  /** One document. */
  CaptionFile read() throws IOException {
    JsonNode root;
    try {
      root = JsonFile.read(file).tree();
    } catch (IllegalArgumentException e) {
      if (e.getMessage().contains(JsonFile.MORE_FOLLOWS)) {
        return readLines(); // JSON Lines under another name
      }
      throw e;
    }
    if (root.path("images").isArray() && root.path("annotations").isArray()) {
      addCoco(root);
    } else if (root.path("images").isArray()) {
      addAll(root.get("images"));
    } else if (root.isArray()) {
      addAll(root);
    } else if (root.isObject()) {
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        String place = "%s entry \"%s\"".formatted(file, entry.getKey());
        add(entry.getKey(), entry.getValue(), Columns.NONE, place);
      }
    } else {
      throw new IOException(file + ": holds neither a list nor an object of captions");
    }
    return result();
  }

  private void addAll(JsonNode list) {
    for (int i = 0; i < list.size(); i++) {
      add(list.get(i), "%s entry %d".formatted(file, i));
    }
  }

  private void add(JsonNode object, String place) {
    List<String> keys = Lists.newArrayList(object.fieldNames());
    Optional<String> image = reading.imageOf(keys);
    Optional<String> text = reading.textOf(keys);
    boolean question = text.isEmpty() && Reading.isQuestion(keys);
    if (image.isEmpty() || (text.isEmpty() && !Reading.hasNoCaption(keys))) {
      String what = image.isEmpty() ? "image" : "caption";
      String has =
          object.isObject()
              ? "its fields are " + shown(keys)
              : "it is no object but " + shown(object);
      problems.add(
          new Problem(
              place,
              "has no %s field; %s; name the right one with --%s-column"
                  .formatted(what, has, what)));
      return;
    }
    Columns.Builder columns = Columns.builder();
    for (String key : keys) {
      if (!key.equals(image.get()) && !key.equals(text.orElse("")) && !key.isBlank()) {
        put(columns, key, object.get(key));
      }
    }
    JsonNode name = object.get(image.get());
    if (!name.isValueNode() || name.isNull() || isNan(name)) {
      problems.add(new Problem(place, "the name of an image is expected, not " + shown(name)));
      return;
    }
    if (text.isEmpty()) {
      Columns all = columns.build();
      rows.add(
          new Row(
              name.asText(),
              List.of(),
              question ? answered(object, all) : stated(object, all),
              place));
      return;
    }
    add(name.asText(), object.get(text.get()), columns.build(), place);
  }

  /** The columns with the other image and the statement, empty where they are null. */
  private static Columns stated(JsonNode object, Columns columns) {
    return columns
        .withText(CaptionFile.RIGHT, object.get(CaptionFile.RIGHT).asText(""))
        .withText(CaptionFile.STATEMENT, object.get(CaptionFile.STATEMENT).asText(""));
  }

  /** The columns with one value for each answer and each weight. */
  private static Columns answered(JsonNode object, Columns columns) {
    JsonNode answers = object.get("answers");
    JsonNode weights = object.path("answer_weights");
    Columns result = columns.withText("question", object.get("question").asText(""));
    if (answers.isArray() || answers.isNull()) {
      result =
          result.withTexts(
              "answers", Lists.transform(Lists.newArrayList(answers), JsonNode::asText));
    }
    if (weights.isArray() && Streams.stream(weights).allMatch(JsonNode::isNumber)) {
      result =
          result.withFloats(
              "answer_weights",
              Floats.toArray(Lists.transform(Lists.newArrayList(weights), JsonNode::floatValue)));
    }
    return result;
  }

  private void add(String image, JsonNode caption, Columns columns, String place) {
    List<String> texts = new ArrayList<>();
    Optional<String> problem = texts(caption, texts);
    if (problem.isPresent()) {
      problems.add(new Problem(place, problem.get()));
    } else {
      rows.add(new Row(image, texts, columns, place));
    }
  }

  private void addCoco(JsonNode root) {
    Map<String, List<String>> texts = new HashMap<>();
    Set<String> seen = new HashSet<>();
    for (JsonNode image : root.get("images")) {
      if (image.hasNonNull("id")) {
        texts.put(id(image.get("id")), new ArrayList<>());
      }
    }
    for (JsonNode annotation : root.get("annotations")) {
      String place = "%s annotation %s".formatted(file, annotation.path("id").asText());
      JsonNode id = annotation.path("image_id");
      List<String> of = texts.get(id(id));
      Optional<String> problem =
          of == null
              ? Optional.of(
                  id.isMissingNode()
                      ? "has no image_id"
                      : "its image_id %s is that of no image".formatted(shown(id)))
              : texts(annotation.path("caption"), of);
      problem.ifPresent(what -> problems.add(new Problem(place, what)));
    }
    for (JsonNode image : root.get("images")) {
      String id = id(image.path("id"));
      String place = "%s image %s".formatted(file, image.path("id").asText());
      if (!image.hasNonNull("id")) {
        problems.add(new Problem(place, "has no id"));
      } else if (!seen.add(id)) {
        problems.add(new Problem(place, "another image has this id"));
      } else if (!image.path("file_name").isTextual()) {
        problems.add(new Problem(place, "has no file_name"));
      } else {
        Columns.Builder columns = Columns.builder();
        put(columns, "image/id", image.path("id"));
        if (image.hasNonNull("coco_url")) {
          columns.text("url", image.get("coco_url").asText());
        }
        rows.add(new Row(image.get("file_name").asText(), texts.get(id), columns.build(), place));
      }
    }
  }

  /** Equal for whole numbers that are equal, however they are written. */
  private static String id(JsonNode id) {
    String text = id.asText().strip();
    Matcher number = NUMBER.matcher(text);
    return number.matches() ? number.group(1) : '"' + text;
  }

  private static void put(Columns.Builder columns, String name, JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      columns.whole(name, value.longValue());
    } else if (value.isNumber()) {
      if (!isNan(value)) {
        columns.number(name, value.floatValue());
      }
    } else if (!value.isNull() && !value.isMissingNode()) {
      columns.text(name, value.isValueNode() ? value.asText() : value.toString());
    }
  }

  /** What Python writes for a number that is missing. */
  private static boolean isNan(JsonNode value) {
    return value.isNumber() && Double.isNaN(value.doubleValue());
  }

  /** Adds a caption, a list of captions, or Karpathy's sentences with their raw text. */
  private static Optional<String> texts(JsonNode node, List<String> texts) {
    if (node.isTextual()) {
      texts.add(node.asText().strip());
      return Optional.empty();
    }
    if (node.isArray()) {
      for (JsonNode item : node) {
        Optional<String> problem = texts(item, texts);
        if (problem.isPresent()) {
          return problem;
        }
      }
      return Optional.empty();
    }
    if (node.path("raw").isTextual()) {
      texts.add(node.get("raw").asText().strip());
      return Optional.empty();
    }
    return node.isNull()
        ? Optional.empty()
        : Optional.of("a caption or a list of captions is expected, not " + shown(node));
  }

  private static String shown(JsonNode node) {
    String text = node.isMissingNode() ? "nothing" : isNan(node) ? "NaN" : node.toString();
    return text.length() > SHOWN_VALUE ? text.substring(0, SHOWN_VALUE) + "..." : text;
  }

  private static String shown(List<String> keys) {
    List<String> sorted = new ArrayList<>(new TreeSet<>(keys));
    return sorted.size() <= SHOWN_FIELDS
        ? sorted.toString()
        : sorted.subList(0, SHOWN_FIELDS) + " and " + (sorted.size() - SHOWN_FIELDS) + " more";
  }
}
