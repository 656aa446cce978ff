package org.blip4j.savedmodel.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Dialogue;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.testing.Served;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An exported dialogue model beside the protocol that evaluates dialogues. */
class ServedDialogueTest {
  @TempDir private static Path folder;
  private static ModelSource model;
  private static Served served;

  private static final List<String> ANSWERS =
      List.of("Red!", "a small cat", "the dog, and the cat", "no");

  /** Question and answer of each round; an empty answer is none. */
  private static final String[][] ROUNDS = {
    {"Is there a dog?? ", "yes: a red dog."},
    {"a picture of the large green circles and the square", ""},
    {"is the cat blue?", "No (it is not)"},
    {"what is in the picture of the dog, the cat and the small blue circles?", "a square"},
    {
      "the dog? the cat? the square? the circle? the dog? the cat? the square? the circle? a dog? a"
          + " cat?",
      "red"
    },
    {"and the cat?", "blue"},
  };

  @BeforeAll
  static void export() throws IOException {
    model = TinyModel.write(folder.resolve("model"), Task.DIALOGUE);
    ModelExporter.Target target = new ModelExporter.Target(folder.resolve("served"), 1, false);
    served = new Served(ModelExporter.export(model, PredictorOptions.defaults(), target).folder());
  }

  @AfterAll
  static void close() {
    served.close();
  }

  private static Sample.ImageText sample() {
    List<Map<String, Object>> rounds = new ArrayList<>();
    for (String[] round : ROUNDS) {
      Map<String, Object> one =
          new LinkedHashMap<>(Map.of("question", round[0], "options", ANSWERS));
      if (!round[1].isEmpty()) {
        one.put("answer", round[1]);
      }
      rounds.add(one);
    }
    return Sample.ImageText.of("one", TinyModel.image(3, "png"), List.of("A dog, the cat!"))
        .withColumns(Columns.builder().text(Dialogue.COLUMN, JsonFile.write(rounds)).build());
  }

  /** What the protocol gives the answers to each question. */
  private static List<float[]> expected() throws IOException {
    Path file = folder.resolve("data.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      writer.write(ExampleCodec.standard().encode(sample()));
      writer.commit();
    }
    LabelledRecords records =
        new LabelledRecords(ShardSet.of(List.of(file)), ExampleCodec.standard());
    List<float[]> scores = new ArrayList<>();
    try (StagedModel staged =
        StagedModel.open(model, PredictorOptions.defaults(), settings -> settings)) {
      DialogueProtocol.of(staged, records)
          .measure((sample, question) -> scores.add(question.scores()));
    }
    return scores;
  }

  private static Map<String, Object> call(byte[][]... columns) {
    Map<String, Object> inputs = new LinkedHashMap<>();
    List<String> names = List.of("image_bytes", "caption", "history", "question", "answers");
    for (int i = 0; i < names.size(); i++) {
      inputs.put(names.get(i), columns[i]);
    }
    return served.call("dialogue_rank", inputs);
  }

  private static List<?> list(Map<String, Object> outputs, String name) {
    return (List<?>) outputs.get(name);
  }

  @Test
  void answersAreScoredAsTheProtocolScoresThem() throws IOException {
    int rows = ROUNDS.length;
    byte[][][] columns = new byte[5][rows][];
    StringBuilder history = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      columns[0][i] = TinyModel.image(3, "png");
      String given =
          i == 1 ? "a dog\n\n" + String.join("\r\n", ANSWERS) : String.join("\n", ANSWERS);
      byte[][] texts = Served.bytes("A dog, the cat!", history.toString(), ROUNDS[i][0], given);
      for (int column = 1; column < 5; column++) {
        columns[column][i] = texts[column - 1];
      }
      history.append(ROUNDS[i][0]).append('\t').append(ROUNDS[i][1]).append('\n');
    }
    Map<String, Object> outputs = call(columns);

    List<float[]> expected = expected();
    assertEquals(rows, expected.size());
    for (int i = 0; i < rows; i++) {
      assertEquals(i == 4, ((String) list(outputs, "status").get(i)).startsWith("cut: "));
      List<String> ranking = ((String) list(outputs, "ranking").get(i)).lines().toList();
      List<String> scores = ((String) list(outputs, "scores").get(i)).lines().toList();
      assertEquals(i == 1 ? 5 : 4, ranking.size());
      float before = Float.MAX_VALUE;
      for (int line = 0; line < ranking.size(); line++) {
        String answer = ranking.get(line).substring(0, ranking.get(line).indexOf('\t'));
        float score = Float.parseFloat(scores.get(line));
        assertTrue(score <= before);
        before = score;
        double logProb = Double.parseDouble(ranking.get(line).substring(answer.length() + 1));
        assertEquals(-Math.log1p(Math.exp(-score)), logProb, 1e-4 * (1 - logProb));
        if (ANSWERS.contains(answer)) {
          float alone = expected.get(i)[ANSWERS.indexOf(answer)];
          assertEquals(alone, score, 1e-3 * (1 + Math.abs(alone)), answer + " of " + i);
        }
      }
      assertEquals(
          ranking.get(0).substring(0, ranking.get(0).indexOf('\t')),
          list(outputs, "answer").get(i));
    }
  }

  @Test
  void aRowThatFailsLeavesTheOthersAlone() {
    byte[] image = TinyModel.image(3, "png");
    byte[] bad = {'c', (byte) 0xe9};
    byte[] text = Served.bytes("a dog")[0];
    byte[] round = Served.bytes("is it red?\tno")[0];
    byte[] list = Served.bytes("red\nblue")[0];
    byte[][] all = new byte[6][];
    byte[][][] columns = new byte[5][][];
    for (int column = 0; column < 5; column++) {
      for (int row = 0; row < 6; row++) {
        all[row] = List.of(image, text, round, text, list).get(column);
      }
      columns[column] = all.clone();
      columns[column][column + 1] = bad;
    }
    Map<String, Object> outputs = call(columns);

    List<String> expected =
        List.of(
            "",
            "not an image",
            "caption is not UTF-8",
            "history is not UTF-8",
            "question is not UTF-8",
            "answer is not UTF-8");
    for (int row = 0; row < 6; row++) {
      String status = (String) list(outputs, "status").get(row);
      assertTrue(row == 0 ? status.isEmpty() : status.contains(expected.get(row)), status);
      assertEquals(row == 0, !((String) list(outputs, "ranking").get(row)).isEmpty());
    }
    byte[][][] none = new byte[5][0][];
    assertEquals(List.of(), list(call(none), "answer"));
    byte[][][] empty = {{image}, {text}, {text}, {text}, {{}}};
    assertTrue(((String) list(call(empty), "status").get(0)).startsWith("there are no answers"));
  }

  @Test
  void whatIsCutOrNoRoundIsSaid() {
    byte[] image = TinyModel.image(3, "png");
    byte[] text = Served.bytes("a dog")[0];
    byte[] list = Served.bytes("red\nblue")[0];
    byte[] words = Served.bytes("what ".repeat(600))[0];
    byte[] answers = Served.bytes("red\n" + "blue ".repeat(600))[0];
    byte[] history = Served.bytes("is it red?\tyes\nwhat is it\n")[0];
    byte[] none = {};
    Map<String, Object> outputs =
        call(
            new byte[][] {image, image, image, image},
            new byte[][] {text, text, text, text},
            new byte[][] {none, none, none, history},
            new byte[][] {text, words, text, text},
            new byte[][] {list, list, answers, list});
    String cut = "cut: question and answer have more than \\d+ tokens, only these were read";
    List<String> expected =
        List.of("", cut, cut, "a line of the history has no tab between question and answer");
    for (int row = 0; row < 4; row++) {
      String status = (String) list(outputs, "status").get(row);
      assertTrue(status.matches(expected.get(row)), row + ": " + status);
      assertEquals(row == 3, ((String) list(outputs, "ranking").get(row)).isEmpty());
    }
  }
}
