package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.sample.Columns;

/** Data sets whose texts stand in lists of their own: MSRVTT and VisDial. */
final class JoinedJson {
  private final TaskJson json;

  JoinedJson(TaskJson json) {
    this.json = json;
  }

  /** MSRVTT: a row for each video, named by its id, with its sentences in order. */
  void videos() throws IOException {
    Map<String, List<String>> texts = new LinkedHashMap<>();
    json.each((one, place) -> texts.put(one.path("video_id").asText(), new ArrayList<>()));
    json.items(
        (list, index, one) -> {
          if (list.equals("sentences")) {
            List<String> of = texts.get(one.path("video_id").asText());
            if (of == null || !one.path("caption").isTextual()) {
              json.problem(
                  "%s sentence %d".formatted(json.file, index),
                  of == null
                      ? "its video_id \"%s\" is that of no video"
                          .formatted(one.path("video_id").asText())
                      : "has no caption");
            } else {
              of.add(one.path("caption").asText().strip());
            }
          }
        });
    json.each(
        (one, place) -> {
          String id = one.path("video_id").asText();
          Columns.Builder columns = Columns.builder();
          for (String field : List.of("split", "category", "url")) {
            JsonCaptions.put(columns, field, one.path(field));
          }
          json.add(new Row(id, texts.get(id), columns.build(), place));
        });
  }

  /**
   * VisDial 1.0: an image with its caption and the column {@code dialog}, a JSON list of {@code
   * question}, {@code answer}, {@code options} and {@code gt_index}. What a test set does not tell
   * is left out.
   */
  void dialogs() throws IOException {
    List<String> questions = new ArrayList<>();
    List<String> answers = new ArrayList<>();
    String[] split = {""};
    json.items(
        (list, index, one) -> {
          switch (list) {
            case "data.questions" -> questions.add(one.asText());
            case "data.answers" -> answers.add(one.asText());
            case "split" -> split[0] = one.asText();
            default -> {} // the dialogs, whose texts are all known only now
          }
        });
    json.each(
        (one, place) -> {
          List<Map<String, Object>> dialog = new ArrayList<>();
          for (JsonNode turn : one.path("dialog")) {
            dialog.add(turn(turn, questions, answers));
          }
          Columns.Builder columns = Columns.builder().text("dialog", compact(dialog));
          JsonCaptions.put(columns, "image_id", one.path("image_id"));
          if (!split[0].isEmpty()) {
            columns.text("split", split[0]);
          }
          List<String> caption = List.of(one.path("caption").asText("").strip());
          json.add(new Row(one.path("image_id").asText(), caption, columns.build(), place));
        });
  }

  private static String compact(Object value) {
    return JsonFile.tree(value).toString();
  }

  private static Map<String, Object> turn(
      JsonNode turn, List<String> questions, List<String> answers) {
    Map<String, Object> told = new LinkedHashMap<>();
    told.put("question", text(questions, turn.path("question"), "question"));
    if (turn.hasNonNull("answer")) {
      told.put("answer", text(answers, turn.path("answer"), "answer"));
    }
    if (turn.hasNonNull("answer_options")) {
      List<String> options = new ArrayList<>();
      turn.path("answer_options").forEach(one -> options.add(text(answers, one, "answer option")));
      told.put("options", options);
      JsonNode right = turn.path("gt_index");
      if (right.isInt()) {
        if (right.intValue() < 0 || right.intValue() >= options.size()) {
          throw new IllegalArgumentException(
              "its gt_index is %d, of %d answer options"
                  .formatted(right.intValue(), options.size()));
        }
        told.put("gt_index", right.intValue());
      }
    }
    return told;
  }

  private static String text(List<String> pool, JsonNode index, String what) {
    if (!index.isInt() || index.intValue() < 0 || index.intValue() >= pool.size()) {
      throw new IllegalArgumentException(
          "its %s is %s, a number below %d is expected".formatted(what, index, pool.size()));
    }
    return pool.get(index.intValue());
  }
}
