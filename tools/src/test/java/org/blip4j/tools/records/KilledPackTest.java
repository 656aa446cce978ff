package org.blip4j.tools.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.blip4j.tools.cli.BlipProcess;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code records pack}, killed with SIGKILL at one moment after another, and started again. */
@Tag("slow")
final class KilledPackTest {
  private static final int IMAGES = 400;

  @TempDir static Path shared;
  private static Map<String, String> whole;

  @TempDir Path folder;

  @BeforeAll
  static void packUndisturbed() throws IOException {
    Path in = shared.resolve("in");
    PhotoFolder.draw(
            in, IntStream.range(0, IMAGES).mapToObj(i -> i + ".jpg").toArray(String[]::new))
        .with(
            "captions.csv",
            IntStream.range(0, IMAGES).mapToObj(i -> i + ".jpg,photo " + i).toArray(String[]::new));
    assertEquals(0, CliRun.of(arguments(shared.resolve("out"))).status());
    whole = content(shared.resolve("out"));
    assertEquals(40, whole.size());
  }

  /** Entries below the folder at which it is killed: of 40 shards, each staged, then published. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 10, 30, 44, 60, 81, 82, 83})
  void startedAgainItBeginsAnewAndLeavesNothingElse(int entries) throws Exception {
    Path out = folder.resolve("out");
    Process process = BlipProcess.start(folder.resolve("log"), arguments(out));
    int seen = 0;
    boolean published = false;
    while (process.isAlive() && !(entries > 80 ? published : seen >= entries)) {
      seen = entries(out);
      published = Files.exists(out.resolve("x-000%02d-of-00040.tfrecord".formatted(entries % 40)));
    }
    process.destroyForcibly();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));

    CliRun again = CliRun.of(arguments(out));
    boolean wasWhole = again.status() == 2 && again.err().contains("exists already");
    assertTrue(again.status() == 0 || wasWhole, again.err());
    assertEquals(whole, content(out));
  }

  private static String[] arguments(Path out) {
    return new String[] {
      "records",
      "pack",
      shared.resolve("in").toString(),
      "--out",
      out.toString(),
      "--name",
      "x",
      "--shards",
      "40"
    };
  }

  private static int entries(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      return (int) all.count();
    } catch (IOException | UncheckedIOException e) {
      return 0; // not yet there, or changed meanwhile
    }
  }

  private static Map<String, String> content(Path folder) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(p -> !p.equals(folder))::iterator) {
        byte[] bytes = Files.isDirectory(file) ? new byte[0] : Files.readAllBytes(file);
        content.put(folder.relativize(file).toString(), Arrays.hashCode(bytes) + "");
      }
    }
    return content;
  }
}
