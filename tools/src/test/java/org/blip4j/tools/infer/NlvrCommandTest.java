package org.blip4j.tools.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
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

/** {@code nlvr} on a tiny model, as a folder and exported. */
class NlvrCommandTest {
  @TempDir private static Path work;
  private static String model;
  private static String a;
  private static String b;

  @TempDir private Path out;

  @BeforeAll
  static void make() throws IOException {
    model = work.resolve("model").toString();
    TinyModel.write(Path.of(model), Task.NLVR);
    a = Files.write(work.resolve("a.jpg"), TinyModel.image(1, "jpg")).toString();
    b = Files.write(work.resolve("b.png"), TinyModel.image(2, "png")).toString();
  }

  private static List<JsonNode> json(CliRun run) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : run.lines()) {
      rows.add(new JsonMapper().readTree(line));
    }
    return rows;
  }

  private static CliRun nlvr(String... arguments) {
    List<String> all = new ArrayList<>(List.of("nlvr", "--model"));
    all.addAll(List.of(arguments));
    return CliRun.of(all.toArray(new String[0]));
  }

  @Test
  void statementsAboutAPairAreJudgedAsByTheExportedModel() throws IOException {
    String[] rest = {
      "--json", "--left", a, "--right", b, "--statement", "a red dog", "--statement", "a cat"
    };
    CliRun run = nlvr(with(model, rest));
    assertEquals(0, run.status(), run.err());
    List<JsonNode> rows = json(run);
    assertEquals(2, rows.size());
    JsonNode first = rows.get(0);
    List<String> fields = new ArrayList<>();
    first.fieldNames().forEachRemaining(fields::add);
    assertEquals(List.of("left", "right", "statement", "label", "probability"), fields);
    assertEquals(a, first.get("left").textValue());
    assertEquals(b, first.get("right").textValue());
    assertEquals("a cat", rows.get(1).get("statement").textValue());
    assertTrue(List.of("True", "False").contains(first.get("label").textValue()));
    assertTrue(first.get("probability").doubleValue() >= 0.5);
    String served = out.resolve("served").toString();
    assertEquals(0, CliRun.of("export", "--model", model, "--out", served).status());
    JsonNode again = json(nlvr(with(served, rest))).get(0);
    assertEquals(first.get("label"), again.get("label"));
    assertEquals(
        first.get("probability").doubleValue(), again.get("probability").doubleValue(), 1e-5);
    CliRun text = nlvr(model, "--left", a, "--right", b, "--statement", "a red dog");
    assertTrue(text.lines().get(0).startsWith(first.get("label").textValue() + "\t"), text.out());
    assertTrue(text.lines().get(0).endsWith("\t" + a + "\t" + b + "\ta red dog"), text.out());
  }

  private static String[] with(String first, String... rest) {
    String[] all = new String[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  @Test
  void aFileOfPairsIsJudgedInOrderAndBadRowsAreNamed() throws IOException {
    byte[] whole = TinyModel.image(3, "jpg");
    Path broken = out.resolve("broken.jpg");
    Files.write(broken, Arrays.copyOf(whole, whole.length / 2));
    Path pairs = out.resolve("pairs.tsv");
    Files.writeString(
        pairs,
        String.join(
            "\n",
            a + "\t" + b + "\ta red dog",
            "{\"left\": \"%s\", \"right\": \"%s\", \"statement\": \"a cat\"}".formatted(b, a),
            "",
            a + "\t" + broken + "\ta cat",
            "absent.jpg\t" + b + "\ta cat",
            a + "\tno statement",
            a + "\t" + a + "\tword ".repeat(100),
            a + "\t" + a + "\tthe",
            ""));
    CliRun run = nlvr(model, "--json", "--batch-size", "2", "--pairs", pairs.toString());
    assertEquals(1, run.status(), run.err());
    List<JsonNode> rows = json(run);
    assertEquals(
        List.of("a red dog", "a cat", "word", "the"),
        rows.stream()
            .map(row -> row.get("statement").textValue().replaceAll("(?s)^word\\s.*", "word"))
            .toList());
    assertEquals(b, rows.get(1).get("left").textValue());
    assertTrue(run.err().contains(broken + ": JPEG image of"), run.err());
    assertTrue(run.err().contains("absent.jpg: no such file"), run.err());
    assertTrue(run.err().contains("line 6: expected left<tab>right<tab>statement, or"), run.err());
    assertTrue(rows.get(2).get("note").textValue().startsWith("cut: "), run.out());
    CliRun alone = nlvr(model, "--json", "--left", b, "--right", a, "--statement", "a cat");
    assertEquals(
        json(alone).get(0).get("probability").doubleValue(),
        rows.get(1).get("probability").doubleValue(),
        1e-5);
  }

  @Test
  void wrongUsageIsToldInOneLine() throws IOException {
    Path captioner = out.resolve("captioner");
    TinyModel.write(captioner, Task.CAPTION);
    Path other = Files.writeString(out.resolve("other.txt"), "no tabs here\n");
    List<String[]> wrong =
        List.of(
            new String[] {"two images and a statement", model, "--left", a, "--statement", "x"},
            new String[] {"no such image", model, "--left", a, "--right", "no", "--statement", "x"},
            new String[] {"leave --left", model, "--left", a, "--pairs", "f"},
            new String[] {"line 1: expected left", model, "--pairs", other.toString()},
            new String[] {
              "has no signature nlvr",
              captioner.toString(),
              "--left",
              a,
              "--right",
              b,
              "--statement",
              "x"
            });
    for (String[] parts : wrong) {
      CliRun run = nlvr(Arrays.copyOfRange(parts, 1, parts.length));
      assertEquals(2, run.status(), run.err());
      assertEquals("", run.out());
      assertTrue(run.err().contains(parts[0]), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }

  @Test
  void anUnreadableImageIsNamedOnce() throws IOException {
    Path text = Files.writeString(out.resolve("text.jpg"), "a text with a wrong name");
    CliRun run =
        nlvr(
            model, "--left", text.toString(), "--right", b, "--statement", "x", "--statement", "y");
    assertEquals(1, run.status(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().contains("text.jpg: not an image"), run.err());
    assertEquals(1, run.err().lines().filter(line -> line.contains("text.jpg")).count());
  }
}
