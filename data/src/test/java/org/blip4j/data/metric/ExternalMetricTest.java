package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs that stand in for METEOR and SPICE: answering, dying, hanging, talking nonsense. */
final class ExternalMetricTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Scores the number of words of the caption; numbers of EVAL are those of the statistics. */
  private static final String METEOR =
      """
      import java.io.BufferedReader;
      import java.io.InputStreamReader;
      import java.nio.file.Files;
      import java.nio.file.Path;
      public class Meteor {
        public static void main(String[] args) throws Exception {
          String mode = Files.readString(Path.of("mode.txt")).strip();
          if (mode.equals("die")) {
            System.err.println("no memory here");
            System.exit(3);
          }
          BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
          for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split(" [|]{3} ?", -1);
            if (mode.equals("hang")) {
              Thread.sleep(1000000);
            } else if (mode.equals("chat")) {
              System.out.println("Error: what is this");
            } else if (parts[0].equals("SCORE")) {
              String caption = parts[parts.length - 1];
              System.out.println((caption.isEmpty() ? 0 : caption.split(" ").length) + ".0 "
                  + (parts.length - 2) + ".0");
            } else {
              double sum = 0;
              for (int i = 1; i < parts.length; i++) {
                sum += Double.parseDouble(parts[i].strip().split(" ")[0]);
                System.out.println(parts[i].strip().split(" ")[0]);
              }
              System.out.println(sum);
            }
          }
        }
      }
      """;

  private static final String SPICE =
      """
      package edu.anu.spice;
      import java.nio.file.Files;
      import java.nio.file.Path;
      public class SpiceScorer {
        public static void main(String[] args) throws Exception {
          String mode = Files.readString(Path.of("mode.txt")).strip();
          if (mode.equals("die")) {
            System.err.println("no JavaScript engine");
            System.exit(1);
          } else if (mode.equals("hang")) {
            Thread.sleep(1000000);
          }
          int items = Files.readString(Path.of(args[0])).split("image_id").length - 1;
          StringBuilder out = new StringBuilder("[");
          for (int i = items - 1; i >= (mode.equals("chat") ? 1 : 0); i--) {
            out.append(out.length() > 1 ? "," : "").append("{\\"image_id\\":" + i
                + ",\\"scores\\":{\\"All\\":{\\"f\\":0." + i + "}}}");
          }
          Files.writeString(Path.of(args[2]), out + "]");
        }
      }
      """;

  private final List<CaptionMetrics.CaptionItem> items =
      List.of(
          CaptionMetrics.CaptionItem.of("a dog", List.of("the dog", "a dog")),
          CaptionMetrics.CaptionItem.of("", List.of("a cat")),
          CaptionMetrics.CaptionItem.of("a big ||| cat", List.of("a cat")));

  @TempDir Path folder;

  @Test
  void emptyCaptionsKeepTheirPlace() throws IOException {
    ExternalMetric.Scores meteor = install(ExternalMetric.METEOR, "answer").score(items);
    assertEquals(List.of(2.0, 0.0, 3.0), meteor.byItem());
    assertEquals(5, meteor.corpus());
    ExternalMetric.Scores spice = install(ExternalMetric.SPICE, "answer").score(items);
    assertEquals(List.of(0.0, 0.1, 0.2), spice.byItem());
    assertEquals(0.1, spice.corpus(), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({
    "METEOR,die,ended before the item 0: no memory here",
    "METEOR,chat,answers the item 0 with \"Error: what is this\"",
    "SPICE,die,failed with status 1: no JavaScript engine",
    "SPICE,chat,gave no score to item 0"
  })
  void failuresAreErrors(ExternalMetric metric, String mode, String message) throws IOException {
    Installed installed = install(metric, mode);
    Exception failed = assertThrows(IOException.class, () -> installed.score(items));
    assertTrue(failed.getMessage().contains(message), failed.getMessage());
  }

  @Test
  void aHangingProgramIsGivenUp() throws IOException {
    Installed installed = install(ExternalMetric.METEOR, "hang");
    Exception late =
        assertThrows(
            IOException.class,
            () -> ExternalMetric.METEOR.score(installed.at(), items, Duration.ofSeconds(1)));
    assertTrue(late.getMessage().contains("said nothing for 1 seconds"), late.getMessage());
    assertEquals(0, ProcessHandle.current().children().filter(ProcessHandle::isAlive).count());
  }

  @Test
  void absentProgramsAreNamedWithWhatToGet() {
    for (ExternalMetric metric : ExternalMetric.values()) {
      Exception absent =
          assertThrows(IOException.class, () -> metric.score(folder, items, PATIENCE));
      assertTrue(absent.getMessage().contains("pycocoevalcap"), absent.getMessage());
      assertTrue(metric.notComputed().contains("get the folder"), metric.notComputed());
      assertThrows(IllegalArgumentException.class, () -> metric.score(folder, List.of(), PATIENCE));
    }
  }

  private record Installed(ExternalMetric metric, Path at) {
    ExternalMetric.Scores score(List<CaptionMetrics.CaptionItem> items) throws IOException {
      return metric.score(at, items, PATIENCE);
    }
  }

  private Installed install(ExternalMetric metric, String mode) throws IOException {
    boolean meteor = metric == ExternalMetric.METEOR;
    Path at = Files.createDirectories(folder.resolve(metric + mode));
    Files.writeString(at.resolve("mode.txt"), mode);
    Path source = at.resolve(meteor ? "Meteor.java" : "SpiceScorer.java");
    Files.writeString(source, meteor ? METEOR : SPICE);
    Path classes = Files.createDirectories(at.resolve("classes"));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", classes.toString(), source.toString());
    assertEquals(0, status);
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "Meteor");
    Path jar = at.resolve(meteor ? "meteor-1.5.jar" : "spice-1.0.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new ZipEntry(classes.relativize(file).toString().replace('\\', '/')));
        out.write(Files.readAllBytes(file));
      }
    }
    Files.createDirectories(at.resolve("data"));
    Files.createDirectories(at.resolve("lib"));
    for (String name :
        List.of(
            "data/paraphrase-en.gz",
            "lib/stanford-corenlp-3.6.0.jar",
            "lib/stanford-corenlp-3.6.0-models.jar",
            "lib/nashorn-core-15.4.jar")) {
      Files.createFile(at.resolve(name));
    }
    return new Installed(metric, at);
  }
}
