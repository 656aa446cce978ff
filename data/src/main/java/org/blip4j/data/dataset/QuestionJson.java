package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import com.google.common.primitives.Floats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.JsonItems;
import org.blip4j.data.sample.Columns;

/**
 * Questions about images, as VQA v2, Visual Genome, easy-VQA and BLIP's lists have them.
 *
 * <p>Answers weigh as BLIP trains on them (BLIP specification 7.4): different ones with their share
 * of all, those of Visual Genome .2. Questions of a test set have none.
 */
final class QuestionJson {
  private static final float GENOME_WEIGHT = 0.2f;

  private final TaskJson json;

  QuestionJson(TaskJson json) {
    this.json = json;
  }

  /** What people answered to one question of VQA. */
  private record Given(String questionType, String answerType, List<String> answers) {}

  /** VQA: questions in one file, answers in another. */
  void vqa(Optional<Path> named) throws IOException {
    Optional<Path> answers = named.or(this::beside);
    Map<String, Given> given = new HashMap<>();
    if (answers.isPresent()) {
      readAnswers(answers.get(), given);
    }
    Set<String> seen = new HashSet<>();
    int[] answered = {0};
    String[] split = {""};
    json.items(
        (list, index, one) -> {
          if (list.equals("data_subtype")) {
            split[0] = one.asText();
          }
        });
    json.each(
        (one, place) -> {
          String id = one.path("question_id").asText();
          if (!seen.add(id)) {
            throw new IllegalArgumentException("another question has its question_id " + id);
          }
          Columns.Builder more = Columns.builder();
          if (!split[0].isEmpty()) {
            more.text("split", split[0]);
          }
          Given people = given.get(id);
          if (people != null) {
            answered[0]++;
            more.text("question_type", people.questionType());
            more.text("answer_type", people.answerType());
          } else if (answers.isPresent()) {
            throw new IllegalArgumentException(
                "%s has no answers to its question_id %s".formatted(answers.get(), id));
          }
          JsonCaptions.put(more, "image_id", one.path("image_id"));
          String image = one.path("image_id").asText();
          add(image, one, more, people == null ? List.of() : people.answers(), place);
        });
    if (answers.isPresent() && answered[0] == 0) {
      throw new IOException(
          "%s answers no question of %s; they belong to different parts of VQA"
              .formatted(answers.get(), json.file));
    }
    given.keySet().removeAll(seen);
    given
        .keySet()
        .forEach(
            id ->
                json.problem(answers.get().toString(), "question_id " + id + " is no question's"));
  }

  /** The answers that are distributed with a file of questions. */
  private Optional<Path> beside() {
    String name = json.file.getFileName().toString();
    String other = name.replace("OpenEnded_", "").replace("questions", "annotations");
    Path file = json.file.resolveSibling(other);
    return other.equals(name) || !Files.isRegularFile(file) ? Optional.empty() : Optional.of(file);
  }

  private static void readAnswers(Path file, Map<String, Given> given) throws IOException {
    Interner<String> texts = Interners.newStrongInterner();
    JsonItems.read(
        file,
        (list, index, one) -> {
          if (list.equals("annotations")) {
            List<String> answers = new ArrayList<>();
            one.path("answers")
                .forEach(
                    answer ->
                        answers.add(
                            texts.intern(
                                (answer.isObject() ? answer.path("answer") : answer).asText())));
            if (answers.isEmpty() || !one.hasNonNull("question_id")) {
              throw new IllegalArgumentException(
                  "%s annotation %d: question_id and answers are looked for"
                      .formatted(file, index));
            }
            given.put(
                one.path("question_id").asText(),
                new Given(
                    texts.intern(one.path("question_type").asText("")),
                    texts.intern(one.path("answer_type").asText("")),
                    answers));
          }
          return true;
        });
    if (given.isEmpty()) {
      throw new IllegalArgumentException(
          file + ": has no list \"annotations\" of question_id and answers");
    }
  }

  /** Visual Genome: the questions of each image. */
  void genome() throws IOException {
    json.each(
        (one, place) -> {
          for (JsonNode asked : one.path("qas")) {
            JsonNode image =
                asked.path("image_id").isMissingNode() ? one.path("id") : asked.path("image_id");
            Columns.Builder more = Columns.builder();
            JsonCaptions.put(more, "image_id", image);
            JsonCaptions.put(more, "question_id", asked.path("qa_id"));
            genome(image.asText(), asked, more, place);
          }
        });
  }

  private void genome(String image, JsonNode asked, Columns.Builder more, String place) {
    if (!asked.path("question").isTextual() || !asked.path("answer").isTextual()) {
      throw new IllegalArgumentException("question and answer are looked for in " + asked);
    }
    json.add(
        new Row(
            image,
            List.of(),
            more.build()
                .withText("question", asked.path("question").asText())
                .withText("answers", asked.path("answer").asText())
                .withFloats("answer_weights", GENOME_WEIGHT),
            place));
  }

  /** BLIP's lists: of VQA with ten answers or none, of Visual Genome with one. */
  void blip() throws IOException {
    json.each(
        (one, place) -> {
          Columns.Builder more = Columns.builder();
          String image = one.path("image").asText();
          if (one.path("dataset").asText().equals("vg")) {
            JsonCaptions.put(more, "question_id", one.path("question_id"));
            genome(image, one, more, place);
            return;
          }
          List<String> answers = new ArrayList<>();
          JsonNode answer = one.path("answer");
          if (answer.isTextual()) {
            answers.add(answer.asText());
          }
          answer.forEach(text -> answers.add(text.asText()));
          add(image, one, more, answers, place);
        });
  }

  /** easy-VQA: {@code [question, answer, number of the image]}. */
  void easy() throws IOException {
    json.each(
        (one, place) -> {
          if (one.size() != 3 || !one.path(0).isTextual() || !one.path(1).isTextual()) {
            throw new IllegalArgumentException(
                "[question, answer, number of the image] is looked for, not " + one);
          }
          Columns columns =
              Columns.NONE
                  .withText("question", one.path(0).asText())
                  .withText("answers", one.path(1).asText())
                  .withFloats("answer_weights", 1)
                  .withLongs("image_id", one.path(2).asLong());
          json.add(new Row(one.path(2).asText(), List.of(), columns, place));
        });
  }

  private void add(
      String image, JsonNode one, Columns.Builder more, List<String> answers, String place) {
    JsonCaptions.put(more, "question_id", one.path("question_id"));
    Columns columns = more.build().withText("question", one.path("question").asText());
    Map<String, Integer> counts = new LinkedHashMap<>();
    answers.forEach(answer -> counts.merge(answer, 1, Integer::sum));
    if (!counts.isEmpty()) {
      List<Float> weights =
          counts.values().stream().map(count -> (float) count / answers.size()).toList();
      columns =
          columns
              .withTexts("answers", List.copyOf(counts.keySet()))
              .withFloats("answer_weights", Floats.toArray(weights));
    }
    json.add(new Row(image, List.of(), columns, place));
  }
}
