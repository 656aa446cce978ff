package org.blip4j.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data sets of the tasks as they are distributed, each with a tiny file of its form. */
final class TaskJsonTest {
  private static final String QUESTIONS =
      """
      {"info": {"version": "2.0"}, "task_type": "Open-Ended", "data_subtype": "val2014",
       "questions": [
        {"image_id": 42, "question": "What is it?", "question_id": 42000},
        {"image_id": 42, "question": "How many?", "question_id": 42001}]}
      """;

  @TempDir Path folder;

  @Test
  void vqaQuestionsMeetTheirAnswers() throws IOException {
    write("v2_OpenEnded_mscoco_val2014_questions.json", QUESTIONS);
    write("v2_mscoco_val2014_annotations.json", annotations(42000, 42001));
    CaptionFile read = read("v2_OpenEnded_mscoco_val2014_questions.json", Reading.usual());
    assertEquals(List.of(), read.problems());
    Row first = read.rows().get(0);
    assertTrue(first.isQuestion());
    assertEquals("42", first.image());
    assertEquals("What is it?", text(first, "question"));
    assertEquals(List.of("cat", "a cat"), first.columns().texts("answers"));
    assertEquals(List.of(.75f, .25f), first.columns().floats("answer_weights"));
    assertEquals("42000", text(first, "question_id"));
    assertEquals("other", text(first, "answer_type"));
    assertEquals("what is", text(first, "question_type"));
    assertEquals("val2014", text(first, "split"));
    assertEquals("42", text(first, "image_id"));

    files("val2014/COCO_val2014_000000000042.jpg", "val2014/COCO_val2014_000000000142.jpg");
    Path questions = folder.resolve("v2_OpenEnded_mscoco_val2014_questions.json");
    PackPlan plan = PackPlan.of(Reading.usual()).captions(questions, folder).build();
    assertEquals(List.of(), plan.missing());
    assertEquals(2, plan.items().size());
    assertEquals("COCO_val2014_000000000042", plan.items().get(1).key());
  }

  @Test
  void vqaQuestionsOfATestSetHaveNoAnswers() throws IOException {
    write("test.json", QUESTIONS);
    files("000000000042.jpg");
    PackPlan plan =
        PackPlan.of(Reading.usual()).captions(folder.resolve("test.json"), folder).build();
    assertEquals(List.of(), plan.problems());
    assertEquals(2, plan.items().size());
    assertEquals(List.of(), plan.items().get(0).columns().texts("answers"));
  }

  @Test
  void vqaFilesThatDoNotMeetAreErrors() throws IOException {
    write("q.json", QUESTIONS);
    Path some = write("some.json", annotations(42000, 7));
    CaptionFile read = read("q.json", Reading.usual().withAnswers(some));
    assertEquals(1, read.rows().size());
    assertEquals(
        List.of(
            some + " has no answers to its question_id 42001", "question_id 7 is no question's"),
        read.problems().stream().map(CaptionFile.Problem::what).toList());
    Path other = write("other.json", annotations(7, 8));
    assertRefused("different parts", "q.json", Reading.usual().withAnswers(other));
    assertRefused(
        "no list \"annotations\"", "q.json", Reading.usual().withAnswers(write("x.json", "{}")));
    assertRefused("as its answers", "other.json", Reading.usual());
    write("c.json", "[{\"image\": \"a.jpg\", \"caption\": \"x\"}]");
    assertRefused("no questions of VQA", "c.json", Reading.usual().withAnswers(other));
    write("lacks.json", "{\"questions\": [{\"image_id\": 1, \"question\": \"why?\"}]}");
    assertRefused("has no question_id; [question, question_id", "lacks.json", Reading.usual());
    write("twice.json", QUESTIONS.replace("42001", "42000"));
    assertEquals(
        "another question has its question_id 42000",
        read("twice.json", Reading.usual()).problems().get(0).what());
  }

  @Test
  void visualGenomeWeighsAFifth() throws IOException {
    write(
        "question_answers.json",
        """
        [{"id": 1, "qas": [
          {"qa_id": 9, "image_id": 1, "question": "Who?", "answer": "A man."},
          {"qa_id": 10, "image_id": 1, "question": "Where?", "answer": "Here."}]},
         {"id": 2, "qas": [{"qa_id": 11, "question": "No answer?"}]}]
        """);
    CaptionFile read = read("question_answers.json", Reading.usual());
    assertEquals(2, read.rows().size());
    assertEquals(List.of("Here."), read.rows().get(1).columns().texts("answers"));
    assertEquals(List.of(.2f), read.rows().get(1).columns().floats("answer_weights"));
    assertEquals("10", text(read.rows().get(1), "question_id"));
    assertTrue(read.problems().get(0).what().contains("question and answer are looked for"));
  }

  @Test
  void listsOfBlipAreRead() throws IOException {
    write(
        "vqa_train.json",
        """
        [{"dataset": "vqa", "image": "val2014/a.jpg", "question": "What?", "question_id": 3,
          "answer": ["red", "red", "blue", "red"]},
         {"dataset": "vg", "image": "VG_100K/1.jpg", "question": "Who?", "answer": "me"}]
        """);
    List<Row> questions = read("vqa_train.json", Reading.usual()).rows();
    assertEquals(List.of("red", "blue"), questions.get(0).columns().texts("answers"));
    assertEquals(List.of(.75f, .25f), questions.get(0).columns().floats("answer_weights"));
    assertEquals(List.of(.2f), questions.get(1).columns().floats("answer_weights"));

    write(
        "nlvr_dev.json",
        "[{\"images\": [\"a.png\", \"b.png\"], \"sentence\": \"s\", \"label\": \"True\"}]");
    Row pair = read("nlvr_dev.json", Reading.usual()).rows().get(0);
    assertTrue(pair.isStatement());
    assertEquals(1, pair.label());
    assertEquals("b.png", text(pair, "right"));

    write("nocaps_val.json", "[{\"image\": \"val/x.jpg\", \"img_id\": 4}]");
    Row image = read("nocaps_val.json", Reading.usual()).rows().get(0);
    assertEquals(List.of(), image.texts());
    assertEquals("4", text(image, "image_id"));

    write("msrvtt_test.jsonl", "{\"clip_name\": \"video7\", \"caption\": \" a man \"}\n");
    Row clip = read("msrvtt_test.jsonl", Reading.usual()).rows().get(0);
    assertEquals("video7", clip.image());
    assertEquals(List.of("a man"), clip.texts());
  }

  @Test
  void nlvrNamesItsImagesByIdentifier() throws IOException {
    write(
        "dev.json",
        """
        {"identifier": "dev-850-1-3", "sentence": "Two dogs.", "label": "False", "left_url": "u"}
        {"identifier": "dev-850-0-0"}
        {"identifier": "1572-0", "sentence": "One box.", "label": "true", "directory": "2"}
        no JSON
        """);
    CaptionFile read = read("dev.json", Reading.usual());
    Row second = read.rows().get(0);
    assertEquals("dev-850-1-img0.png", second.image());
    assertEquals("dev-850-1-img1.png", text(second, "right"));
    assertEquals(0, second.label());
    assertEquals("dev-850-1-3", text(second, "identifier"));
    assertEquals("dev-1572-0-0.png", read.rows().get(1).image());
    assertEquals("dev-1572-0-1.png", text(read.rows().get(1), "right"));
    assertEquals(2, read.problems().size());
    assertTrue(read.problems().get(0).what().startsWith("has no sentence"));
    assertTrue(read.problems().get(1).place().endsWith("line 4"));
  }

  @Test
  void domainsOfNoCapsAndPartsOfKarpathyAreKept() throws IOException {
    write(
        "nocaps.json",
        """
        {"images": [{"id": 0, "file_name": "a.jpg", "domain": "near-domain"}],
         "annotations": [{"image_id": 0, "id": 0, "caption": "a bird"}]}
        """);
    Row nocaps = read("nocaps.json", Reading.usual()).rows().get(0);
    assertEquals("near-domain", text(nocaps, "domain"));
    assertEquals("0", text(nocaps, "image_id"));
    write("test.json", "{\"images\": [{\"id\": 5, \"file_name\": \"a.jpg\"}]}");
    assertEquals(List.of(), read("test.json", Reading.usual()).rows().get(0).texts());

    write(
        "dataset_coco.json",
        """
        {"images": [
          {"filename": "a.jpg", "split": "train", "cocoid": 1, "sentences": [{"raw": "one"}]},
          {"filename": "b.jpg", "split": "restval", "cocoid": 2, "sentences": [{"raw": "two"}]},
          {"filename": "c.jpg", "split": "val", "cocoid": 3, "sentences": [{"raw": "three"}]}],
         "dataset": "coco"}
        """);
    List<Row> train =
        read("dataset_coco.json", Reading.usual().withSplits(List.of("train", "restval"))).rows();
    assertEquals(List.of("a.jpg", "b.jpg"), train.stream().map(Row::image).toList());
    assertEquals("2", text(train.get(1), "image_id"));
    assertRefused(
        "has no split dev; it has restval, train, val",
        "dataset_coco.json",
        Reading.usual().withSplits(List.of("val", "dev")));
    assertRefused("no field split", "nocaps.json", Reading.usual().withSplits(List.of("val")));
  }

  @Test
  void videosHaveTheirSentences() throws IOException {
    write(
        "videodatainfo.json",
        """
        {"info": {}, "videos": [
          {"video_id": "video0", "split": "train", "category": 9, "start time": 1.5},
          {"video_id": "video1", "split": "test", "category": 1}],
         "sentences": [
          {"video_id": "video1", "sen_id": 0, "caption": "one"},
          {"video_id": "video0", "sen_id": 1, "caption": "two"},
          {"video_id": "video1", "sen_id": 2, "caption": "three"},
          {"video_id": "video9", "sen_id": 3, "caption": "four"}]}
        """);
    CaptionFile read = read("videodatainfo.json", Reading.usual().withSplits(List.of("test")));
    assertEquals(1, read.rows().size());
    assertEquals("video1", read.rows().get(0).image());
    assertEquals(List.of("one", "three"), read.rows().get(0).texts());
    assertEquals("1", text(read.rows().get(0), "category"));
    assertTrue(read.problems().get(0).what().contains("\"video9\" is that of no video"));
  }

  @Test
  void dialogsAreTexts() throws IOException {
    write(
        "visdial.json",
        """
        {"version": "1.0", "split": "val2018", "data": {
          "dialogs": [
            {"image_id": 7, "caption": "a cat ", "dialog": [
              {"question": 1, "answer": 0, "answer_options": [2, 0], "gt_index": 1},
              {"question": 0, "answer_options": [1]}]},
            {"image_id": 8, "caption": "x", "dialog": [{"question": 5}]}],
          "questions": ["is it red", "what is it"],
          "answers": ["a cat", "yes", "no"]}}
        """);
    CaptionFile read = read("visdial.json", Reading.usual());
    Row dialog = read.rows().get(0);
    assertEquals("7", dialog.image());
    assertEquals(List.of("a cat"), dialog.texts());
    assertEquals("val2018", text(dialog, "split"));
    assertEquals(
        "[{\"question\":\"what is it\",\"answer\":\"a cat\",\"options\":[\"no\",\"a cat\"],"
            + "\"gt_index\":1},{\"question\":\"is it red\",\"options\":[\"yes\"]}]",
        text(dialog, "dialog"));
    assertEquals("its question is 5, a number below 2 is expected", read.problems().get(0).what());
  }

  @Test
  void easyVqaIsRead() throws IOException {
    files("train/images/0.png", "train/images/1.png", "train/images/10.png");
    write(
        "train/questions.json",
        "[[\"what shape?\", \"circle\", 0], [\"big?\", \"no\", 10], [\"x\"]]");
    PackPlan plan = PackPlan.of(Reading.usual()).source(folder.resolve("train")).build();
    assertEquals(List.of("0", "10"), plan.items().stream().map(PackPlan.Item::key).toList());
    assertEquals(List.of("circle"), plan.items().get(0).columns().texts("answers"));
    assertTrue(plan.problems().get(0).what().contains("is looked for"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"videos\": [{\"id\": 1}]}|has no video_id",
        "{\"data\": {\"dialogs\": [{\"image_id\": 1}]}}|has no dialog",
        "[{\"qas\": null}]|has no qas",
        "{\"questions\": [{\"image_id\": 1,|line 1: is not JSON"
      })
  void filesThatLackSomethingAreRefused(String json, String message) throws IOException {
    write("some.json", json);
    assertRefused(message, "some.json", Reading.usual());
  }

  @Test
  void largeListsAreReadElementByElement() throws IOException {
    String filler = "x".repeat(1 << 20);
    String images =
        IntStream.range(0, 33)
            .mapToObj(
                i ->
                    "{\"filename\":\"%d.jpg\",\"split\":\"val\",\"more\":\"%s\",\"sentences\":[{\"raw\":\"n%d\"}]}"
                        .formatted(i, filler, i))
            .collect(Collectors.joining(","));
    write("large.json", "{\"images\":[" + images + "],\"dataset\":\"coco\"}");
    List<Row> rows = read("large.json", Reading.usual()).rows();
    assertEquals(33, rows.size());
    assertEquals(List.of("n32"), rows.get(32).texts());
  }

  private static String annotations(long first, long second) {
    return """
    {"annotations": [
      {"question_type": "what is", "answer_type": "other", "image_id": 42, "question_id": %d,
       "multiple_choice_answer": "cat", "answers": [
        {"answer": "cat", "answer_id": 1}, {"answer": "a cat", "answer_id": 2},
        {"answer": "cat", "answer_id": 3}, {"answer": "cat", "answer_id": 4}]},
      {"question_type": "how many", "answer_type": "number", "image_id": 42,
       "question_id": %d, "answers": [{"answer": "2"}]}],
     "data_type": "mscoco"}
    """
        .formatted(first, second);
  }

  private void assertRefused(String message, String name, Reading reading) {
    Exception refused = assertThrows(IOException.class, () -> read(name, reading));
    assertTrue(refused.getMessage().contains(message), refused.getMessage());
  }

  private static String text(Row row, String column) {
    return row.columns().text(column).orElse("none");
  }

  private CaptionFile read(String name, Reading reading) throws IOException {
    return CaptionFile.read(folder.resolve(name), reading, n -> true);
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private void files(String... names) throws IOException {
    for (String name : names) {
      write(name, "");
    }
  }
}
