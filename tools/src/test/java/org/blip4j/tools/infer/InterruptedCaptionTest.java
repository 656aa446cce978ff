package org.blip4j.tools.infer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.BlipProcess;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C, or a plain kill, while {@code caption} works. */
@Tag("slow")
class InterruptedCaptionTest {
  private static final int IMAGES = 3000;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void whatIsThereIsWhole(String signal, int status) throws IOException, InterruptedException {
    Path model = folder.resolve("model");
    TinyModel.write(model, Task.CAPTION);
    Path photos = Files.createDirectories(folder.resolve("photos"));
    for (int i = 0; i < IMAGES; i++) {
      Files.write(photos.resolve("%04d.jpg".formatted(i)), TinyModel.image(i, "jpg"));
    }
    Path log = folder.resolve("log");
    Path csv = folder.resolve("captions.csv");
    Process process =
        BlipProcess.start(
            log,
            "caption",
            "--model",
            model.toString(),
            "--json",
            "--sidecar",
            "--csv",
            csv.toString(),
            photos.toString());
    Path out = Path.of(log + ".out");
    while (Files.size(out) < 2000 && process.isAlive()) {
      Thread.sleep(5);
    }

    BlipProcess.signal(process, signal);

    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "hangs");
    assertEquals(status, process.exitValue());
    String printed = Files.readString(out);
    assertTrue(printed.endsWith("}\n"), printed);
    List<String> lines = printed.lines().toList();
    assertTrue(lines.size() > 10 && lines.size() < IMAGES, lines.size() + " lines");
    int texts = 0;
    for (int i = 0; i < lines.size(); i++) {
      JsonNode row = new JsonMapper().readTree(lines.get(i));
      Path image = photos.resolve("%04d.jpg".formatted(i));
      assertEquals(image.toString(), row.get("image").textValue());
      Path text = CaptionFiles.besideOf(image);
      if (Files.exists(text)) {
        texts++;
        assertEquals(row.get("caption").textValue() + "\n", Files.readString(text));
      }
    }
    assertTrue(texts >= lines.size() - 1, texts + " texts for " + lines.size() + " lines");
    assertFalse(Files.exists(csv));
    try (Stream<Path> files = Files.walk(folder)) {
      assertEquals(
          List.of(), files.filter(f -> f.getFileName().toString().startsWith(".")).toList());
    }
  }
}
