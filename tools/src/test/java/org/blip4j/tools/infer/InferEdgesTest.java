package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts, names and options that commands once took for something else. */
class InferEdgesTest {
  private static final String LONG = "dog ".repeat(60).strip();

  @TempDir private static Path work;
  private static String model;
  private static String vqa;

  @TempDir private Path out;

  @BeforeAll
  static void make() throws IOException {
    model = work.resolve("model").toString();
    TinyModel.write(Path.of(model), Task.PRETRAIN);
    vqa = work.resolve("vqa").toString();
    TinyModel.write(Path.of(vqa), Task.VQA);
  }

  private String image(String name, int seed) throws IOException {
    return Files.write(out.resolve(name), TinyModel.image(seed, "png")).toString();
  }

  private static List<JsonNode> json(CliRun run) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : run.lines()) {
      rows.add(new JsonMapper().readTree(line));
    }
    return rows;
  }

  @Test
  void aTextOverTheLimitIsCutWithANoteAndTheOthersStayAsTheyAre() throws IOException {
    String a = image("a.png", 1);
    String marks = "?".repeat(17);
    String[] others = {"match", "--model", model, "--json", "--image", a, "--text", "a dog"};
    String[] all = Arrays.copyOf(others, others.length + 4);
    System.arraycopy(new String[] {"--text", LONG, "--text", marks}, 0, all, others.length, 4);
    CliRun run = CliRun.of(all);

    assertEquals(0, run.status(), run.err());
    assertEquals(3, json(run).size());
    assertTrue(json(run).get(1).get("note").textValue().startsWith("cut: "), run.out());
    assertFalse(json(run).get(0).has("note"), run.out());
    assertEquals(
        json(CliRun.of(others)).get(0).get("itc_cosine").doubleValue(),
        json(run).get(0).get("itc_cosine").doubleValue(),
        1e-5);
    assertTrue(
        run.err().contains("\"dog dog dog dog dog dog dog dog dog dog ...\": cut: "), run.err());
    CliRun texts = CliRun.of("embed", "texts", "--model", model, LONG, "a dog");
    assertEquals(0, texts.status(), texts.err());
    assertEquals(2, texts.lines().size());
    assertEquals(1, texts.err().lines().filter(line -> line.contains("cut: ")).count());
    CliRun asked =
        CliRun.of("vqa", "--model", vqa, "--image", a, "--question", LONG, "--question", "a?");
    assertEquals(0, asked.status(), asked.err());
    assertEquals(2, asked.lines().size());
    assertTrue(asked.err().contains("the question has"), asked.err());
  }

  @Test
  void aPromptWithoutRoomFailsItsImageAlone() throws IOException {
    Path prompts = Files.writeString(out.resolve("prompts.txt"), LONG + "\nthe\n");
    CliRun run =
        CliRun.of(
            "caption",
            "--model",
            model,
            "--prompts-from",
            prompts.toString(),
            image("a.png", 1),
            image("b.png", 2));

    assertEquals(1, run.status(), run.err());
    assertEquals(1, run.lines().size());
    assertTrue(run.err().contains("a.png: the prompt has 61 tokens"), run.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " "})
  void anEmptyQuestionIsAQuestion(String empty) throws IOException {
    String a = image("a.png", 1);
    CliRun run =
        CliRun.of(
            "vqa",
            "--model",
            vqa,
            "--image",
            a,
            "--question",
            "a",
            "--question",
            empty,
            "--question",
            "b",
            "--json");

    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of("a", empty, "b"),
        json(run).stream().map(row -> row.get("question").textValue()).toList());
  }

  @Test
  void aNucleusOfNothingKeepsTheLikeliestToken() throws IOException {
    String a = image("a.png", 1);
    CliRun one = CliRun.of("caption", "--model", model, "--nucleus", "0", "--seed", "1", a);
    CliRun other = CliRun.of("caption", "--model", model, "--nucleus", "0.0", "--seed", "2", a);

    assertEquals(0, one.status(), one.err());
    assertEquals(one.out(), other.out());
    assertEquals(
        one.out(),
        CliRun.of("caption", "--model", model, "--greedy", "--repetition-penalty", "1.1", a).out());
  }

  @Test
  void whatBeginsWithAtIsTakenAsItStands() throws IOException {
    String at = image("@a.png", 1);
    Path friends = Files.writeString(out.resolve("friends"), "dinner --greedy");
    CliRun run =
        CliRun.of(
            "match",
            "--model",
            model,
            "--json",
            "--image",
            at,
            "--text",
            "@" + friends,
            "--text",
            "@" + out);

    assertEquals(0, run.status(), run.err());
    assertEquals("@" + friends, json(run).get(0).get("text").textValue());
    assertEquals("@" + out, json(run).get(1).get("text").textValue());
    CliRun absent = CliRun.of("caption", "--model", model, "@absent", at);
    assertEquals(1, absent.status());
    assertTrue(absent.err().contains("@absent: there is no such image"), absent.err());
    assertEquals(1, absent.lines().size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void twoPicturesDoNotShareASidecar(boolean overwrite) throws IOException {
    String a = image("a.jpg", 1);
    String b = image("a.png", 2);
    List<String> command =
        new ArrayList<>(List.of("caption", "--model", model, "--sidecar", a, b, a));
    if (overwrite) {
      Files.writeString(out.resolve("a.txt"), "of an earlier run");
      command.add("--overwrite");
    }
    CliRun run = CliRun.of(command.toArray(new String[0]));

    assertEquals(1, run.status(), run.err());
    assertEquals(3, run.lines().size());
    assertTrue(run.err().contains("a.png: "), run.err());
    assertTrue(run.err().contains(a + " has the same sidecar, a.txt"), run.err());
    assertEquals(
        run.lines().get(0).split("\t", -1)[1] + "\n", Files.readString(out.resolve("a.txt")));
  }

  @Test
  void aSidecarHasTheBytesOfItsPicturesName() {
    Path latin = Path.of(URI.create(out.toUri() + "caf%E9.b%FF.jpg"));
    assertEquals(
        Path.of(URI.create(out.toUri() + "caf%E9.b%FF.txt")), CaptionFiles.besideOf(latin));
    assertEquals(Path.of("a b/c%41.x.txt"), CaptionFiles.besideOf(Path.of("a b/c%41.x.jpg")));
    assertEquals(Path.of("a/.jpg.txt"), CaptionFiles.besideOf(Path.of("a/.jpg")));
  }

  @Test
  void textsAreEmbeddedAsTheyAreMatched() throws IOException {
    for (String token : List.of("enc", "cls")) {
      double[] products = new double[2];
      List<JsonNode> texts =
          json(
              CliRun.of(
                  "embed",
                  "texts",
                  "--model",
                  model,
                  "--match-token",
                  token,
                  "--json",
                  "a dog.",
                  "a dog"));
      List<JsonNode> images =
          json(CliRun.of("embed", "images", "--model", model, "--json", image("a.png", 1)));
      for (int text = 0; text < 2; text++) {
        for (int i = 0; i < 16; i++) {
          products[text] +=
              texts.get(text).get("embedding").get(i).doubleValue()
                  * images.get(0).get("embedding").get(i).doubleValue();
        }
      }
      JsonNode row =
          json(CliRun.of(
                  "match",
                  "--model",
                  model,
                  "--match-token",
                  token,
                  "--json",
                  "--image",
                  out.resolve("a.png").toString(),
                  "--text",
                  "a dog."))
              .get(0);
      assertEquals(row.get("itc_cosine").doubleValue(), products[0], 1e-5);
      if (token.equals("enc")) {
        assertEquals(products[1], products[0], 1e-6);
      } else {
        assertNotEquals(products[1], products[0], 1e-6);
      }
    }
  }

  @Test
  void theVersionOfAnExportIsItsOwn() throws IOException {
    String served = out.resolve("served").toString();
    CliRun run = CliRun.of("export", "--model", vqa, "--out", served, "--version", "3");

    assertEquals(0, run.status(), run.err());
    assertTrue(Files.exists(out.resolve("served/3/saved_model.pb")), run.out());
    CliRun again = CliRun.of("export", "--model", vqa, "--out", served, "--version=3");
    assertEquals(2, again.status());
    assertTrue(again.err().contains("--overwrite"), again.err());
    CliRun none = CliRun.of("export", "--model", vqa, "--out", served, "--version");
    assertEquals(2, none.status());
    CliRun program = CliRun.of("caption", "--version");
    assertEquals(0, program.status());
    assertTrue(program.out().contains("blip"), program.out());
    CliRun int8 = CliRun.of("export", "--model", vqa, "--out", served, "--quantize", "int8");
    assertEquals(2, int8.status());
    assertTrue(int8.err().contains("unknown option '--quantize'"), int8.err());
  }

  @Test
  void twoExportsOfOneModelAreEqual() throws IOException {
    for (String version : List.of("1", "2")) {
      CliRun run =
          CliRun.of("export", "--model", vqa, "--out", out.toString(), "--version", version);
      assertEquals(0, run.status(), run.err());
    }
    for (String file :
        List.of(
            "saved_model.pb",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001",
            "assets.extra/blip.json")) {
      assertEquals(-1, Files.mismatch(out.resolve("1/" + file), out.resolve("2/" + file)), file);
    }
    assertTrue(
        Files.readString(out.resolve("1/assets.extra/blip.json"), UTF_8).contains("serving"));
  }
}
