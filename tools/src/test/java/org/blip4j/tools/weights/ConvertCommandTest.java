package org.blip4j.tools.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir private Path folder;

  private CliRun convert(String source, String target, String... options) {
    String[] arguments = new String[options.length + 3];
    arguments[0] = "convert";
    arguments[1] = source;
    arguments[2] = folder.resolve(target).toString();
    System.arraycopy(options, 0, arguments, 3, options.length);
    return CliRun.of(arguments);
  }

  @Test
  void reportsWhatBecameOfEveryTensor() throws IOException {
    String source = GOLDEN.resolve("pretrain/weights.pth").toString();

    CliRun run = convert(source, "m", "--json");

    assertEquals(0, run.status(), run.err());
    JsonNode report = new ObjectMapper().readTree(run.lines().get(0));
    assertTrue(report.path("ok").asBoolean());
    assertEquals(3, report.path("skipped").size());
    assertEquals(
        report.path("tensors").asInt() - 3, report.path("read").asInt(), report.toString());
    assertEquals(0, report.path("left_over").size() + report.path("missing").size());
    assertEquals(2, convert(source, "m").status());

    CliRun narrowed = convert(source, "c", "--task", "caption");
    assertEquals(0, narrowed.status(), narrowed.err());
    assertTrue(narrowed.out().contains("text_encoder_m.* ("), narrowed.out());
    assertTrue(narrowed.out().contains("read into "), narrowed.out());
  }

  @Test
  void readsAndWritesHuggingFaceFolders() throws IOException {
    for (String golden : List.of("hf_captioning_sharded", "hf_retrieval")) {
      assertEquals(0, convert(GOLDEN.resolve(golden).toString(), golden).status());
      String ours = folder.resolve(golden).toString();
      assertEquals(0, convert(ours, golden + "-hf", "--to", "huggingface").status());
      CliRun again = convert(folder.resolve(golden + "-hf").toString(), golden + "-2");
      assertEquals(0, again.status(), again.err());
      String data = "variables.data-00000-of-00001";
      assertEquals(
          -1,
          Files.mismatch(
              folder.resolve(golden).resolve(data), folder.resolve(golden + "-2").resolve(data)));
    }
  }

  @Test
  void mistakesAreToldInOneLine() throws IOException {
    String source = GOLDEN.resolve("match/weights.pth").toString();
    assertMistake("--to onnx is unknown", convert(source, "x", "--to", "onnx"));
    assertMistake("did you mean caption?", convert(source, "x", "--task", "captoin"));
    assertMistake("no such file", convert(folder.resolve("absent.pth").toString(), "x"));
    CliRun missing = convert(source, "x", "--task", "caption", "--json");
    assertMistake("text_decoder.cls.predictions.bias is missing", missing);
    assertTrue(missing.lines().get(0).contains("\"ok\":false"), missing.out());
    String vqa = GOLDEN.resolve("vqa/weights.pth").toString();
    assertMistake("of the image's width", convert(vqa, "x", "--to", "huggingface"));
    Path clip = folder.resolve("clip");
    Files.createDirectory(clip);
    Files.writeString(clip.resolve("config.json"), "{\"model_type\": \"blip-2\"}");
    Files.copy(GOLDEN.resolve("hf_retrieval/model.safetensors"), clip.resolve("model.safetensors"));
    assertMistake("this is BLIP-2", convert(clip.toString(), "x"));
    assertFalse(Files.exists(folder.resolve("x")));
  }

  private static void assertMistake(String words, CliRun run) {
    assertEquals(2, run.status(), run.out() + run.err());
    assertEquals(1, run.err().lines().filter(line -> line.startsWith("blip: ")).count());
    assertTrue(run.err().contains(words), run.err());
  }
}
