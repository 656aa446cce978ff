package org.blip4j.tools.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Text and container goldens through the command, as they are and with one thing changed. */
class VerifyTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Path CONTAINERS =
      Path.of("../data/src/test/resources/org/blip4j/data/weights/containers");

  private static final Path SCHEDULES =
      Path.of("../training/src/test/resources/schedules/schedules.json");

  @TempDir Path folder;

  @Test
  void textGoldensPass() {
    CliRun run = verify(GOLDEN.resolve("tokenizer.jsonl"), GOLDEN.resolve("detokenize.jsonl"));
    assertEquals(0, run.status(), run.out() + run.err());
    assertEquals(
        "{\"name\":\"tokenizer.jsonl\",\"check\":\"ids\",\"deviation\":0.0,\"tolerance\":0.0,\"ok\":true}",
        run.lines().get(0));
    assertEquals(6, run.lines().stream().filter(line -> line.contains(" in the graph")).count());
    assertEquals(13, run.lines().size());
  }

  @Test
  void containersPassAndAreKnownByTheirContent() throws IOException {
    Path renamed = copy(CONTAINERS, folder.resolve("some name"));
    CliRun run = verify(renamed);
    assertEquals(0, run.status(), run.out() + run.err());
    assertEquals(18, run.lines().size());
  }

  @Test
  void oneChangedNumberFails() throws IOException {
    change(GOLDEN.resolve("tokenizer.jsonl"), ",102]", ",103]");
    change(GOLDEN.resolve("detokenize.jsonl"), "{\"ids\":[", "{\"ids\":[2000,");
    Path containers = copy(CONTAINERS, folder.resolve("containers"));
    Path expected = containers.resolve("expected.json");
    Files.writeString(expected, Files.readString(expected).replaceFirst("0\\.786", "0.785"));
    for (String name : List.of("tokenizer.jsonl", "detokenize.jsonl", "containers")) {
      CliRun run = verify(folder.resolve(name));
      assertEquals(1, run.status(), name + run.out());
      assertTrue(run.out().contains("\"ok\":false"), run.out());
    }
  }

  @Test
  void schedulesPassAndAreFoundAndOneChangedNumberFails() throws IOException {
    Path copy = Files.copy(SCHEDULES, folder.resolve("by another name.json"));
    Files.writeString(folder.resolve("other.json"), "{\"name\": \"no golden\"}");
    CliRun run = verify(folder);
    assertEquals(0, run.status(), run.out() + run.err());
    assertTrue(run.out().contains("\"check\":\"pretrain 0 learning rate\""), run.out());
    assertTrue(run.out().contains("\"check\":\"retrieval_alpha 0\""), run.out());

    String text = Files.readString(copy);
    assertTrue(text.contains("0.00027,"));
    Files.writeString(copy, text.replaceFirst("0\\.00027,", "0.00027001,"));
    CliRun changed = verify(copy);
    assertEquals(1, changed.status());
    assertTrue(changed.out().contains("pretrain 0 learning rate"), changed.out());
  }

  @Test
  void scoresOfCaptionsInFiles() throws IOException {
    Files.writeString(folder.resolve("two_hyp.txt"), "a red bird sits\na dog\n");
    Files.writeString(folder.resolve("two_ref1.txt"), "a red bird sits\na dog\n");
    Files.writeString(folder.resolve("two_ref2.txt"), "the bird\nsome dog\n");
    Path scores = folder.resolve("expected.json");
    String expected =
        "{\"two\": {\"bleu_1\": %s, \"rouge_l\": 1, \"cider\": %s}, \"about\": \"x\"}";
    Files.writeString(scores, expected.formatted("1", "5"));
    CliRun run = verify(folder);
    assertEquals(1, run.status());
    assertTrue(run.lines().get(0).contains("two bleu_1\",") && run.lines().get(0).contains("true"));
    assertTrue(
        run.lines().get(1).contains("two rouge_l\",") && run.lines().get(1).contains("true"));
    assertTrue(run.lines().get(2).contains("two cider\",") && run.lines().get(2).contains("false"));
    Files.writeString(scores, "{\"two\": {\"cider\": 1, \"meteor\": 0.5}}");
    CliRun unknown = verify(folder);
    assertTrue(unknown.out().contains("this version does not compute it"), unknown.out());
  }

  @Test
  void aMissingFileFails() throws IOException {
    Path containers = copy(CONTAINERS, folder.resolve("containers"));
    Files.delete(containers.resolve("truncated_zip.pth"));
    CliRun run = verify(containers);
    assertEquals(1, run.status());
    assertTrue(run.out().contains("\"check\":\"truncated_zip.pth\""), run.out());
  }

  @Test
  void goldensAreFoundBelowAFolder() throws IOException {
    Path deep = Files.createDirectories(folder.resolve("a/b"));
    Files.copy(GOLDEN.resolve("detokenize.jsonl"), deep.resolve("x.jsonl"));
    copy(CONTAINERS, folder.resolve("c"));
    CliRun run = CliRun.of("verify", "--quiet", folder.toString());
    assertEquals(0, run.status(), run.out() + run.err());
    assertEquals(3, run.lines().size(), run.out());
    assertTrue(run.lines().get(1).matches("x.jsonl +pass +1 +0 +exact +text"), run.out());
  }

  @Test
  void nothingToCompareIsAFailure() throws IOException {
    CliRun none = verify(folder);
    assertEquals(1, none.status());
    assertTrue(none.out().contains("\"ok\":false"), none.out());
    CliRun absent = verify(folder.resolve("absent"));
    assertEquals(2, absent.status());
    Path empty = Files.writeString(folder.resolve("empty.jsonl"), "");
    assertEquals(1, verify(empty).status());
    Files.writeString(folder.resolve("cases.json"), "{\"name\":\"of another kind\"}");
    assertEquals(1, verify(folder).status());
  }

  private static CliRun verify(Path... paths) {
    String[] args = new String[paths.length + 2];
    args[0] = "verify";
    args[1] = "--json";
    for (int i = 0; i < paths.length; i++) {
      args[i + 2] = paths[i].toString();
    }
    return CliRun.of(args);
  }

  private void change(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertTrue(text.contains(from));
    int at = text.indexOf(from);
    Files.writeString(
        folder.resolve(file.getFileName()),
        text.substring(0, at) + to + text.substring(at + from.length()));
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }
}
