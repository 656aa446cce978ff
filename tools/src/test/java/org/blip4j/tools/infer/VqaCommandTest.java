package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions to a tiny model, as a folder and exported. */
class VqaCommandTest {
  private static final List<String> ANSWERS =
      List.of("red", "red circles", "blue", "a cat and the dog", "large", "the");

  @TempDir private static Path work;
  private static String model;
  private static String first;
  private static String second;
  private static String broken;

  @TempDir private Path out;

  @BeforeAll
  static void make() throws IOException {
    model = work.resolve("model").toString();
    TinyModel.write(Path.of(model), Task.VQA);
    first = write("first.jpg", TinyModel.image(1, "jpg"));
    second = write("second.png", TinyModel.image(17, "png"));
    broken = write("broken.jpg", "a text with a wrong name".getBytes(UTF_8));
  }

  private static String write(String name, byte[] bytes) throws IOException {
    return Files.write(work.resolve(name), bytes).toString();
  }

  private static CliRun vqa(String... more) {
    return CliRun.of(
        Stream.concat(Stream.of("vqa", "--model", model), Arrays.stream(more))
            .toArray(String[]::new));
  }

  private static List<JsonNode> json(CliRun run) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : run.lines()) {
      rows.add(new JsonMapper().readTree(line));
    }
    return rows;
  }

  @Test
  void everyQuestionIsAskedAboutEveryImage() throws IOException {
    String[] asked = {
      "--json",
      "--image",
      first,
      "--image",
      broken,
      "--image",
      second,
      "--question",
      "a red dog?",
      "--question",
      "the small blue circle, and the large green cat?"
    };
    CliRun run = vqa(asked);

    assertEquals(1, run.status(), run.err());
    List<JsonNode> rows = json(run);
    assertEquals(
        List.of(first, first, second, second),
        rows.stream().map(row -> row.get("image").textValue()).toList());
    for (JsonNode row : rows) {
      assertEquals(4, row.size(), row.toString());
      assertTrue(row.get("answer").isTextual());
      assertTrue(row.get("log_prob").doubleValue() < 0);
    }
    assertEquals("a red dog?", rows.get(2).get("question").textValue());
    assertEquals(1, run.err().lines().filter(line -> line.contains("not an image")).count());
    String[] oneByOne = Arrays.copyOf(asked, asked.length + 2);
    oneByOne[asked.length] = "--batch-size";
    oneByOne[asked.length + 1] = "1";
    List<JsonNode> alone = json(vqa(oneByOne));
    for (int i = 0; i < 4; i++) {
      assertEquals(rows.get(i).get("answer"), alone.get(i).get("answer"));
    }
  }

  @Test
  void pairsComeFromAFile() throws IOException {
    Path pairs = out.resolve("pairs.tsv");
    Files.writeString(
        pairs,
        "%s\ta red dog?\n{\"image\": \"%s\", \"question\": \"a cat?\"}\nabsent.jpg\twhat?\n"
            .formatted(first, second));

    CliRun run = vqa("--pairs", pairs.toString());

    assertEquals(1, run.status(), run.err());
    assertEquals(2, run.lines().size());
    assertTrue(run.lines().get(0).startsWith(first + "\ta red dog?\t"), run.out());
    assertTrue(run.lines().get(1).startsWith(second + "\ta cat?\t"), run.out());
    assertTrue(run.err().contains("absent.jpg: no such file"), run.err());
  }

  @Test
  void answersAreChosenFromAList() throws IOException {
    Path lines = Files.write(out.resolve("answers.txt"), ANSWERS);
    Path list = out.resolve("answers.json");
    Files.writeString(list, new JsonMapper().writeValueAsString(ANSWERS));
    String[] asked = {"--json", "--image", first, "--question", "a red dog?", "--top", "3"};

    CliRun run = vqa(with(asked, "--answers", lines.toString()));

    assertEquals(0, run.status(), run.err());
    JsonNode row = json(run).get(0);
    JsonNode best = row.get("answers");
    assertEquals(3, best.size());
    assertEquals(row.get("answer"), best.get(0).get("answer"));
    assertEquals(row.get("log_prob"), best.get(0).get("log_prob"));
    for (int i = 1; i < 3; i++) {
      assertTrue(
          best.get(i).get("score").doubleValue() <= best.get(i - 1).get("score").doubleValue());
    }
    assertEquals(run.out(), vqa(with(asked, "--answers", list.toString())).out());
    CliRun one = vqa(with(asked, "--answers", list.toString(), "--top-k", "1"));
    assertEquals(1, json(one).get(0).get("answers").size());
    CliRun text = vqa("--image", first, "--question", "a red dog?", "--answers", list.toString());
    assertEquals(List.of(first + "\ta red dog?\t" + row.get("answer").textValue()), text.lines());
  }

  @Test
  void anExportedModelGivesTheSameAnswers() throws IOException {
    String served = out.resolve("served").toString();
    CliRun export = CliRun.of("export", "--model", model, "--out", served, "--json");
    assertEquals(0, export.status(), export.err());
    assertTrue(export.out().contains("vqa_rank"), export.out());
    Path list = Files.write(out.resolve("answers.txt"), ANSWERS);
    for (String[] more : new String[][] {{}, {"--answers", list.toString()}}) {
      String[] asked = with(new String[] {"--image", second, "--question", "a cat?"}, more);
      String[] command = with(new String[] {"vqa", "--model", served}, asked);
      assertEquals(vqa(asked).out(), CliRun.of(command).out());
      assertFalse(vqa(asked).out().isEmpty());
    }
  }

  @Test
  void wrongUsageIsToldInOneLine() throws IOException {
    String list = Files.write(out.resolve("answers.txt"), ANSWERS).toString();
    String empty = Files.writeString(out.resolve("empty.txt"), "\n\n").toString();
    String[] asked = {"--image", first, "--question", "a cat?"};
    refuses("no questions given", "--image", first);
    refuses("no images given", "--question", "a cat?");
    refuses("the list of answers is empty", with(asked, "--answers", empty));
    refuses("top-k 0 is less than 1", with(asked, "--answers", list, "--top-k", "0"));
    refuses("--top 0 is less than 1", with(asked, "--answers", list, "--top", "0"));
    refuses("give --answers FILE", with(asked, "--top", "3"));
    refuses("chooses and does not write", with(asked, "--answers", list, "--beams", "2"));
    refuses("beams 0", with(asked, "--beams", "0"));
    refuses("maximum length 1", with(asked, "--max-length", "1"));
    refuses("leave --image", with(asked, "--pairs", "pairs.tsv"));
    CliRun captioner = CliRun.of("caption", "--model", model, first);
    assertEquals(2, captioner.status());
    assertTrue(captioner.err().contains("no signature caption"), captioner.err());
  }

  private static void refuses(String why, String... arguments) {
    CliRun run = vqa(arguments);
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().contains(why), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  private static String[] with(String[] one, String... more) {
    return Stream.concat(Arrays.stream(one), Arrays.stream(more)).toArray(String[]::new);
  }
}
