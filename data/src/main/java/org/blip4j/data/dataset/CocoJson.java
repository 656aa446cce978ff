package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.sample.Columns;

/**
 * COCO's {@code images} and {@code annotations}, whose ids meet if they are equal as numbers (7,
 * "7", "000007"); NoCaps, which has the domain of each image further; and the images alone of a
 * test set.
 */
final class CocoJson {
  private static final Pattern NUMBER = Pattern.compile("\\+?0*(\\d+?)(?:\\.0*)?");

  private final Path file;
  private final ImmutableList.Builder<Row> rows = ImmutableList.builder();
  private final ImmutableList.Builder<Problem> problems = ImmutableList.builder();

  CocoJson(Path file) {
    this.file = file;
  }

  /** Whether a document is of this form. */
  static boolean describes(JsonNode root, Reading reading) {
    JsonNode images = root.path("images");
    boolean uncaptioned =
        images.path(0).has("file_name")
            && reading.textOf(Lists.newArrayList(images.path(0).fieldNames())).isEmpty();
    return images.isArray() && (root.path("annotations").isArray() || uncaptioned);
  }

  CaptionFile read(JsonNode root) {
    Map<String, List<String>> texts = new HashMap<>();
    Set<String> seen = new HashSet<>();
    for (JsonNode image : root.get("images")) {
      if (image.hasNonNull("id")) {
        texts.put(id(image.get("id")), new ArrayList<>());
      }
    }
    for (JsonNode annotation : root.path("annotations")) {
      String place = "%s annotation %s".formatted(file, annotation.path("id").asText());
      JsonNode id = annotation.path("image_id");
      List<String> of = texts.get(id(id));
      Optional<String> problem =
          of == null
              ? Optional.of(
                  id.isMissingNode()
                      ? "has no image_id"
                      : "its image_id %s is that of no image".formatted(JsonCaptions.shown(id)))
              : JsonCaptions.texts(annotation.path("caption"), of);
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
        JsonCaptions.put(columns, "image/id", image.path("id"));
        JsonCaptions.put(columns, "image_id", image.path("id"));
        JsonCaptions.put(columns, "domain", image.path("domain"));
        if (image.hasNonNull("coco_url")) {
          columns.text("url", image.get("coco_url").asText());
        }
        rows.add(new Row(image.get("file_name").asText(), texts.get(id), columns.build(), place));
      }
    }
    return new CaptionFile(rows.build(), problems.build());
  }

  /** Equal for whole numbers that are equal, however they are written. */
  private static String id(JsonNode id) {
    String text = id.asText().strip();
    Matcher number = NUMBER.matcher(text);
    return number.matches() ? number.group(1) : '"' + text;
  }
}
