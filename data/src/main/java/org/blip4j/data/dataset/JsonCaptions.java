package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import com.google.common.collect.Streams;
import com.google.common.primitives.Floats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.JsonItems;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.sample.Columns;

/**
 * Captions of a JSON or JSON Lines file.
 *
 * <p>Known forms: {@code {"file": "caption" or [captions]}}; a list (or lines) of {@code {"image":
 * ..., "caption": ... or [...]}}; COCO's (see {@link CocoJson}); Karpathy's {@code images} with
 * {@code sentences}.
 */
final class JsonCaptions {

  /** Bytes of a file that is not held as a whole. */
  private static final long LARGE = 32L << 20;

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

  /** One document; of a large one, element by element, if it is a list or Karpathy's. */
  CaptionFile read() throws IOException {
    if (Files.size(file) > LARGE && isList()) {
      JsonItems.read(
          file,
          (list, index, one) -> {
            if (list.isEmpty() || list.equals("images")) {
              add(one, "%s entry %d".formatted(file, index));
            }
            return true;
          });
      return result();
    }
    JsonNode root;
    try {
      root = JsonFile.read(file).tree();
    } catch (IllegalArgumentException e) {
      if (e.getMessage().contains(JsonFile.MORE_FOLLOWS)) {
        return readLines(); // JSON Lines under another name
      }
      throw e;
    }
    JsonNode images = root.path("images");
    if (CocoJson.describes(root, reading)) {
      return new CocoJson(file).read(root);
    } else if (images.isArray()) {
      addAll(images);
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

  private boolean isList() throws IOException {
    boolean[] found = {false};
    JsonItems.read(
        file,
        (list, index, one) -> {
          found[0] = list.isEmpty() || (list.equals("images") && one.has("sentences"));
          return !found[0] && !list.equals("images");
        });
    return found[0];
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
    put(columns, "image_id", object.path("cocoid"));
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

  static void put(Columns.Builder columns, String name, JsonNode value) {
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
  static Optional<String> texts(JsonNode node, List<String> texts) {
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

  static String shown(JsonNode node) {
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
