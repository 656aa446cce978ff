package org.blip4j.tools.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate} with tiny models, and of results without a model. */
class EvaluateCommandTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private static Path work;
  @TempDir private Path out;

  @BeforeAll
  static void write() throws IOException {
    for (Task task : List.of(Task.CAPTION, Task.RETRIEVAL, Task.VQA, Task.NLVR)) {
      TinyModel.write(work.resolve(task.name()), task);
    }
    List<Sample> pictures = new ArrayList<>();
    List<Sample> questions = new ArrayList<>();
    List<Sample> statements = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      byte[] image = TinyModel.image(i, "png");
      List<String> texts = List.of("a red dog " + i, "the small cat, number " + i);
      String domain = i % 2 == 0 ? "in-domain" : "out-domain";
      pictures.add(
          Sample.ImageText.of("COCO_val2014_00000000010%d.jpg".formatted(i), image, texts)
              .withColumns(Columns.builder().text("domain", domain).build()));
      questions.add(
          new Sample.Question(
              "q" + i,
              ByteString.copyFrom(image),
              "what is it",
              ImmutableList.of(new Sample.Answer("red", 0.3f), new Sample.Answer("dog", 0.7f)),
              Columns.builder()
                  .whole("question_id", 7 + i)
                  .text("answer_type", i < 2 ? "number" : "other")
                  .build()));
      statements.add(
          new Sample.ImagePair(
              "dev-85-%d-%d".formatted(i % 3, i / 3),
              ByteString.copyFrom(image),
              ByteString.copyFrom(TinyModel.image(i + 1, "png")),
              "a red dog",
              i % 2,
              Columns.NONE));
    }
    write("pictures", pictures);
    write("questions", questions);
    write("statements", statements);
  }

  private static void write(String name, List<Sample> samples) throws IOException {
    Path file = work.resolve(name + ".tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      for (Sample sample : samples) {
        writer.write(ExampleCodec.standard().encode(sample));
      }
      writer.commit();
    }
  }

  private static CliRun evaluate(String... arguments) {
    List<String> all = new ArrayList<>(List.of("evaluate"));
    all.addAll(List.of(arguments));
    return CliRun.of(all.toArray(String[]::new));
  }

  private static String at(String name) {
    return work.resolve(name).toString();
  }

  private static JsonNode row(CliRun run) throws IOException {
    assertEquals(0, run.status(), run.err());
    return JSON.readTree(run.out());
  }

  @Test
  void captionsAreWrittenInCocosFormatAndMeasuredAgainWithoutTheModel() throws IOException {
    String results = out.resolve("results.json").toString();
    Path page = out.resolve("page.html");
    JsonNode row =
        row(
            evaluate(
                "caption",
                "--json",
                "--model",
                at("CAPTION"),
                "--data",
                at("pictures.tfrecord"),
                "--predictions",
                results,
                "--report",
                page.toString()));
    assertEquals(6, row.path("measured").intValue());
    assertTrue(row.path("cider").isNumber() && row.path("bleu4").isNumber(), row.toString());
    assertEquals("meteor", row.path("not_computed").path(0).textValue());
    JsonNode written = JSON.readTree(Path.of(results).toFile());
    assertEquals(100, written.path(0).path("image_id").intValue());
    assertTrue(written.path(0).path("image_id").isInt());
    assertTrue(Files.readString(page).contains("the small cat, number 3"));
    assertEquals(
        row,
        row(
            evaluate(
                "caption", "--json", "--results", results, "--data", at("pictures.tfrecord"))));
    CliRun again =
        evaluate(
            "caption",
            "--model",
            at("CAPTION"),
            "--data",
            at("pictures.tfrecord"),
            "--predictions",
            results);
    assertEquals(2, again.status());
    assertTrue(again.err().contains("--overwrite"), again.err());
  }

  @Test
  void nocapsIsMeasuredByDomain() throws IOException {
    JsonNode row =
        row(
            evaluate(
                "nocaps", "--json", "--model", at("CAPTION"), "--data", at("pictures.tfrecord")));
    for (String domain : List.of("in-domain", "out-domain", "overall")) {
      assertTrue(row.path(domain).path("cider").isNumber(), row.toString());
    }
  }

  @Test
  void resultsThatDoNotFitAreRefused() throws IOException {
    Path references = out.resolve("references.json");
    Files.writeString(
        references,
        """
        {"annotations": [{"image_id": 1, "caption": "a red dog"},
          {"image_id": 1, "caption": "A dog."}, {"image_id": 2, "caption": "a cat"}]}
        """);
    String whole =
        "{\"image_id\": 1, \"caption\": \"a dog\"}, {\"image_id\": 2, \"caption\": \"\"}";
    CliRun run = results(references, "[" + whole + "]");
    assertEquals(2, row(run).path("measured").intValue());
    assertTrue(run.err().contains("1 results have an empty caption: 2"), run.err());
    assertEquals(0, results(references, "[" + whole + ", " + whole + "]").status());
    refused(
        results(references, "[" + whole + ", {\"image_id\": 2, \"caption\": \"b\"}]"),
        "image_id 2 has two results");
    refused(
        results(references, "[" + whole + ", {\"image_id\": 77, \"caption\": \"b\"}]"),
        "1 unknown image_ids, which belong to another set: 77");
    String part = "[{\"image_id\": 1, \"caption\": \"a dog\"}]";
    refused(results(references, part), "no results of 1 of 2 image_ids: 2; give --partial");
    assertEquals(1, row(results(references, part, "--partial")).path("measured").intValue());
    refused(results(references, "[]"), "has no results");
    refused(results(references, "[{\"image\": 1, \"caption\": \"b\"}]"), "image_id is missing");
    refused(results(references, part, "--beams", "2"), "has captions already");
    refused(evaluate("caption", "--data", at("pictures.tfrecord")), "give --model MODEL, or");
    refused(evaluate("caption", "--model", at("CAPTION")), "give --data GLOB");
  }

  private CliRun results(Path references, String results, String... more) throws IOException {
    Path file = Files.writeString(out.resolve("given.json"), results);
    List<String> all =
        new ArrayList<>(
            List.of(
                "caption",
                "--json",
                "--results",
                file.toString(),
                "--references",
                references.toString()));
    all.addAll(List.of(more));
    return evaluate(all.toArray(String[]::new));
  }

  private static void refused(CliRun run, String why) {
    assertEquals(2, run.status(), run.out());
    assertTrue(run.err().contains(why), run.err());
  }

  @Test
  void retrievalTellsItsPlanAndKeepsItsWork() throws IOException {
    String kept = out.resolve("kept").toString();
    Path predictions = out.resolve("ranks.jsonl");
    String[] arguments = {
      "retrieval",
      "--json",
      "--model",
      at("RETRIEVAL"),
      "--data",
      at("pictures.tfrecord"),
      "--work",
      kept
    };
    CliRun first = evaluate(arguments);
    JsonNode row = row(first);
    assertTrue(
        first.err().contains("6 images, 12 texts, 256 candidates each way (there"), first.err());
    assertEquals(72, row.path("pairs").intValue());
    CliRun second = evaluate(arguments);
    assertEquals(row, row(second));
    assertTrue(second.err().contains("72 of 72 pairs were finished before"), second.err());
    refused(
        evaluate(
            "retrieval",
            "--model",
            at("RETRIEVAL"),
            "--data",
            at("pictures.tfrecord"),
            "--text-key",
            "domain",
            "--work",
            kept),
        "was begun with other records");
    JsonNode few =
        row(
            evaluate(
                "retrieval",
                "--json",
                "--candidates",
                "2",
                "--model",
                at("RETRIEVAL"),
                "--data",
                at("pictures.tfrecord"),
                "--predictions",
                predictions.toString(),
                "--report",
                out.resolve("page.html").toString()));
    assertTrue(few.path("pairs").intValue() <= 36, few.toString());
    List<String> lines = Files.readAllLines(predictions);
    assertEquals(18, lines.size());
    JsonNode line = JSON.readTree(lines.get(0));
    assertEquals(2, line.path("texts").size());
    assertTrue(
        line.path("texts").path(0).path("score").doubleValue()
            >= line.path("texts").path(1).path("score").doubleValue());
    assertFalse(Files.exists(Path.of(predictions + ".work")), "removed when finished");
    refused(
        evaluate("retrieval", "--model", at("VQA"), "--data", at("pictures.tfrecord")),
        "matches no images");
  }

  @Test
  void answersAreMeasuredByTheOfficialAccuracy() throws IOException {
    Path list = Files.writeString(out.resolve("answers.txt"), "red\ndog\n");
    Path results = out.resolve("answers.json");
    Path page = out.resolve("page.html");
    JsonNode row =
        row(
            evaluate(
                "vqa",
                "--json",
                "--model",
                at("VQA"),
                "--data",
                at("questions.tfrecord"),
                "--answers",
                list.toString(),
                "--predictions",
                results.toString(),
                "--report",
                page.toString()));
    assertEquals(6, row.path("measured").intValue());
    assertTrue(row.path("accuracy").doubleValue() >= 90, row.toString()); // red 3 of 10, dog 7
    assertTrue(row.path("by_answer_type").path("number").isNumber(), row.toString());
    JsonNode written = JSON.readTree(results.toFile()).path(5);
    assertEquals(12, written.path("question_id").intValue());
    assertTrue(List.of("red", "dog").contains(written.path("answer").textValue()));
    assertTrue(Files.readString(page).contains("dog (7)"));
    assertEquals(
        row,
        row(
            evaluate(
                "vqa",
                "--json",
                "--results",
                results.toString(),
                "--data",
                at("questions.tfrecord"))));
    Files.writeString(
        out.resolve("given.json"), "[{\"question_id\": 1, \"answer\": \"Two dogs!\"}]");
    Files.writeString(
        out.resolve("people.json"),
        """
        {"annotations": [{"question_id": 1, "answer_type": "other", "question_type": "what",
          "answers": [{"answer": "2 dogs"}, {"answer": "dogs"}, {"answer": "2 dogs"}]}]}
        """);
    JsonNode given =
        row(
            evaluate(
                "vqa",
                "--json",
                "--results",
                out.resolve("given.json").toString(),
                "--references",
                out.resolve("people.json").toString()));
    assertEquals(44.44, given.path("accuracy").doubleValue(), 0.001); // 1/3, 2/3, 1/3 of three
  }

  @Test
  void consistencyIsOverSentences() throws IOException {
    Path judged = out.resolve("judged.jsonl");
    JsonNode row =
        row(
            evaluate(
                "nlvr",
                "--json",
                "--model",
                at("NLVR"),
                "--data",
                at("statements.tfrecord"),
                "--predictions",
                judged.toString(),
                "--report",
                out.resolve("page.html").toString()));
    List<String> lines = Files.readAllLines(judged);
    int right = 0;
    boolean[] whole = {true, true};
    for (int i = 0; i < 6; i++) {
      JsonNode line = JSON.readTree(lines.get(i));
      boolean good = line.path("prediction").equals(line.path("label"));
      right += good ? 1 : 0;
      whole[i / 3] &= good;
    }
    assertEquals(right / 6.0, row.path("accuracy").doubleValue(), 1e-9);
    double consistency = ((whole[0] ? 1 : 0) + (whole[1] ? 1 : 0)) / 2.0;
    assertEquals(consistency, row.path("consistency").doubleValue(), 1e-9);
  }
}
