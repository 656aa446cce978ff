package org.blip4j.data.dataset;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.blip4j.data.sample.Columns;

/**
 * Captions of a JSON or JSON Lines file.
 *
 * <p>Known forms: {@code {"file": "caption" or [captions]}}; a list (or lines) of {@code {"image":
 * ..., "caption": ... or [...]}}; COCO's {@code images} and {@code annotations}; Karpathy's {@code
 * images} with {@code sentences}.
 */
public final class JsonCaptions {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path file;
  private final ColumnNames names;
  private final List<CaptionRow> rows = new ArrayList<>();

  public JsonCaptions(Path file, ColumnNames names) {
    this.file = file;
    this.names = names;
  }

  /** One object a line. */
  public List<CaptionRow> readLines() throws IOException {
    int number = 0;
    for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
      number++;
      if (!line.isBlank()) {
        add(parse(line, number), file + " line " + number);
      }
    }
    return rows;
  }

  /** One document. */
  public List<CaptionRow> read() throws IOException {
    JsonNode root = parse(Files.readString(file, StandardCharsets.UTF_8), 1);
    if (root.path("images").isArray() && root.path("annotations").isArray()) {
      addCoco(root);
    } else if (root.path("images").isArray()) {
      addAll(root.get("images"));
    } else if (root.isArray()) {
      addAll(root);
    } else if (root.isObject()) {
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        String place = "%s entry \"%s\"".formatted(file, entry.getKey());
        List<String> texts = texts(entry.getValue(), place);
        rows.add(new CaptionRow(entry.getKey(), texts, Columns.NONE, place));
      }
    } else {
      throw new IOException(file + ": holds neither a list nor an object of captions");
    }
    return rows;
  }

  private void addAll(JsonNode list) throws IOException {
    for (int i = 0; i < list.size(); i++) {
      add(list.get(i), "%s entry %d".formatted(file, i));
    }
  }

  private void add(JsonNode object, String place) throws IOException {
    List<String> keys = Lists.newArrayList(object.fieldNames());
    Optional<String> image = names.imageOf(keys);
    Optional<String> text = names.textOf(keys);
    if (image.isEmpty() || text.isEmpty()) {
      throw new IOException(
          "%s has no %s field; its fields are %s; name the right one with --%s-column"
              .formatted(
                  place,
                  image.isEmpty() ? "image" : "caption",
                  new TreeSet<>(keys),
                  image.isEmpty() ? "image" : "caption"));
    }
    Columns columns = Columns.NONE;
    for (String key : keys) {
      if (!key.equals(image.get()) && !key.equals(text.get())) {
        columns = with(columns, key, object.get(key));
      }
    }
    rows.add(
        new CaptionRow(
            object.get(image.get()).asText(),
            texts(object.get(text.get()), place),
            columns,
            place));
  }

  private void addCoco(JsonNode root) throws IOException {
    Map<String, List<String>> texts = new HashMap<>();
    for (JsonNode annotation : root.get("annotations")) {
      String id = annotation.path("image_id").asText();
      String place = "%s annotation %s".formatted(file, annotation.path("id").asText());
      texts
          .computeIfAbsent(id, k -> new ArrayList<>())
          .addAll(texts(annotation.path("caption"), place));
    }
    for (JsonNode image : root.get("images")) {
      String id = image.path("id").asText();
      String place = "%s image %s".formatted(file, id);
      if (!image.has("file_name")) {
        throw new IOException(place + " has no file_name");
      }
      Columns columns = with(Columns.NONE, "image/id", image.path("id"));
      if (image.has("coco_url")) {
        columns = columns.withText("url", image.get("coco_url").asText());
      }
      rows.add(
          new CaptionRow(
              image.get("file_name").asText(), texts.getOrDefault(id, List.of()), columns, place));
    }
  }

  private static Columns with(Columns columns, String name, JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return columns.withLongs(name, value.longValue());
    }
    if (value.isNumber()) {
      return columns.withFloats(name, value.floatValue());
    }
    if (value.isNull()) {
      return columns;
    }
    return columns.withText(name, value.isValueNode() ? value.asText() : value.toString());
  }

  /** A caption, a list of captions, or Karpathy's sentences with their raw text. */
  private static List<String> texts(JsonNode node, String place) throws IOException {
    List<String> texts = new ArrayList<>();
    if (node.isTextual()) {
      texts.add(node.asText().strip());
    } else if (node.isArray()) {
      for (JsonNode item : node) {
        texts.addAll(texts(item, place));
      }
    } else if (node.path("raw").isTextual()) {
      texts.add(node.get("raw").asText().strip());
    } else if (!node.isNull()) {
      throw new IOException(
          "%s: a caption or a list of captions is expected, not %s"
              .formatted(place, node.isMissingNode() ? "nothing" : node));
    }
    return texts;
  }

  private JsonNode parse(String text, int firstLine) throws IOException {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      int line = at == null ? firstLine : firstLine + at.getLineNr() - 1;
      throw new IOException(
          "%s line %d: is not JSON: %s".formatted(file, line, e.getOriginalMessage()), e);
    }
  }
}
