package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.client.BlipClient;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands and programs of {@code docs/serving.md}, run as they stand there. */
class ServingDocumentTest {
  /** More than a single argument of a command may have, which is 128 KiB. */
  private static final int SIDE = 360;

  @TempDir private static Path work;
  private static ModelServer models;
  private static HttpServer http;
  private static byte[] photo;

  @BeforeAll
  static void start() throws IOException {
    photo = photo();
    Files.write(work.resolve("photo.jpg"), photo);
    models =
        new ModelServer(
            List.of(model("captioner", Task.PRETRAIN), model("answerer", Task.VQA)),
            new ModelServer.Settings(
                PredictorOptions.defaults().session(),
                DynamicBatching.Settings.of(8),
                Duration.ofSeconds(60),
                TinyServer.MOST),
            TinyServer.WORKERS);
    models.load();
    http =
        HttpServer.start(
            models, HttpServer.Settings.of("127.0.0.1", 0, TinyServer.MOST), TinyServer.WORKERS);
  }

  @AfterAll
  static void stop() {
    http.close();
    models.close();
  }

  private static ModelConfigs.Model model(String name, Task task) throws IOException {
    Path served = work.resolve("served").resolve(name);
    ModelExporter.Exported unused =
        ModelExporter.export(
            TinyModel.write(work.resolve(name), task),
            PredictorOptions.defaults(),
            new ModelExporter.Target(served, 1, false));
    return ModelConfigs.Model.of(name, served);
  }

  private static byte[] photo() throws IOException {
    BufferedImage noise = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(3);
    for (int i = 0; i < SIDE * SIDE; i++) {
      noise.setRGB(i % SIDE, i / SIDE, random.nextInt(1 << 24));
    }
    Path file = work.resolve("noise.png");
    assertTrue(ImageIO.write(noise, "png", file.toFile()));
    return Files.readAllBytes(file);
  }

  /** The indented lines of the first block below a heading, asking the server of this test. */
  private static String block(String heading) throws IOException {
    String page = Files.readString(Path.of("docs", "serving.md"));
    String section = page.substring(page.indexOf("\n## " + heading + "\n") + 1);
    StringBuilder block = new StringBuilder();
    for (String line : section.lines().skip(1).toList()) {
      if (line.startsWith("    ")) {
        block.append(line.substring(4)).append('\n');
      } else if (line.isBlank()) {
        block.append('\n');
      } else if (!block.toString().isBlank()) {
        break;
      }
    }
    String theirs = "http://localhost:8501/";
    assertTrue(block.indexOf(theirs) >= 0, heading + ": " + block);
    return block.toString().replace(theirs, "http://127.0.0.1:" + http.port() + "/");
  }

  private static boolean isHere(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Path output = work.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(work.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int status = process.waitFor();
    String text = Files.readString(output);
    assertEquals(0, status, text);
    return text;
  }

  private static String caption() throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + http.port());
    return BlipClient.of(uri, "captioner").caption(List.of(photo)).get(0).text();
  }

  @Test
  void curlAsksEachSignature() throws Exception {
    assumeTrue(isHere("curl") && isHere("sh"), "there is no curl here");
    assertTrue(photo.length > (128 << 10), "a photo of " + photo.length + " bytes");
    String script = block("REST");
    String text = run("sh", "-e", "-c", script);
    List<JsonNode> answers = new ArrayList<>();
    try (MappingIterator<JsonNode> all =
        new ObjectMapper().readerFor(JsonNode.class).readValues(text.getBytes(UTF_8))) {
      all.forEachRemaining(answers::add);
    }
    assertEquals(script.lines().filter(line -> line.contains("| ask ")).count(), answers.size());
    for (JsonNode answer : answers) {
      assertEquals(1, answer.path("predictions").size(), text);
      assertEquals("", answer.path("predictions").get(0).path("status").asText("none"), text);
    }
    JsonNode first = answers.get(0).path("predictions").get(0);
    assertEquals(caption(), first.path("caption").asText());
    assertFalse(first.path("caption").asText().isEmpty());
  }

  @Test
  void pythonAsksForACaption() throws Exception {
    assumeTrue(isHere("python3"), "there is no python3 here");
    Path program = Files.writeString(work.resolve("ask.py"), block("From Python"));
    assertEquals(caption() + "\n", run("python3", program.toString()));
  }
}
