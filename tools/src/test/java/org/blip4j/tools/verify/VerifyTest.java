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

  @TempDir Path folder;

  @Test
  void textGoldensPass() {
    CliRun run = verify(GOLDEN.resolve("tokenizer.jsonl"), GOLDEN.resolve("detokenize.jsonl"));
    assertEquals(0, run.status(), run.out() + run.err());
    assertEquals(
        "{\"name\":\"tokenizer.jsonl\",\"check\":\"ids\",\"deviation\":0.0,\"tolerance\":0.0,\"ok\":true}",
        run.lines().get(0));
    assertEquals(7, run.lines().size());
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
