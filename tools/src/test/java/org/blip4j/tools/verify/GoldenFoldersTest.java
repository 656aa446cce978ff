package org.blip4j.tools.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The model goldens of the repository through the command, as they are and with one change. */
class GoldenFoldersTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir Path temporary;

  static List<String> goldens() throws IOException {
    try (Stream<Path> folders = Files.list(GOLDEN)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("cases.json")))
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void passes(String name) throws IOException {
    CliRun run = CliRun.of("verify", "--json", GOLDEN.resolve(name).toString());
    assertEquals(0, run.status(), failed(run));
    for (String file : files(name)) {
      for (String tensor :
          header(Files.readAllBytes(GOLDEN.resolve(name).resolve(file))).keySet()) {
        assertTrue(run.out().contains(tensor + "\""), tensor + " was not compared");
      }
    }
  }

  /** What exported models compute with; the test above has the kernels of the commands. */
  @ParameterizedTest
  @ValueSource(strings = {"caption", "hf_retrieval", "match", "nlvr", "sampling", "vision", "vqa"})
  void passesWithPortableKernels(String name) {
    CliRun run =
        CliRun.of("verify", "--json", "--kernels", "portable", GOLDEN.resolve(name).toString());
    assertEquals(0, run.status(), failed(run));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf_retrieval", "match", "retrieval_eval", "sampling", "vision"})
  void failsWithOneNumberChanged(String name) throws IOException {
    assertFailsWithOneNumberChanged(name);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(
      strings = {
        "caption",
        "hf_captioning_sharded",
        "hf_vqa",
        "nlvr",
        "pretrain",
        "retrieval",
        "vqa"
      })
  void largeGoldensFailWithOneNumberChanged(String name) throws IOException {
    assertFailsWithOneNumberChanged(name);
  }

  private void assertFailsWithOneNumberChanged(String name) throws IOException {
    Path folder = temporary.resolve("another name");
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(GOLDEN.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    List<String> changed = new ArrayList<>();
    for (String file : files(name)) {
      changed.add(change(folder.resolve(file), new Random(name.hashCode())));
    }
    CliRun run = CliRun.of("verify", "--json", folder.toString());
    assertEquals(1, run.status(), run.out() + run.err());
    for (String tensor : changed) {
      assertTrue(failed(run).contains(tensor + "\""), tensor + " was changed:\n" + failed(run));
    }
  }

  private static List<String> files(String name) throws IOException {
    try (Stream<Path> files = Files.list(GOLDEN.resolve(name))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(".safetensors"))
          .filter(file -> !file.startsWith("inputs") && !file.startsWith("model"))
          .sorted()
          .toList();
    }
  }

  private static String failed(CliRun run) {
    return String.join("\n", run.lines().stream().filter(l -> l.contains("\"ok\":false")).toList());
  }

  /** Adds 1 to one element of one tensor and returns the tensor's name. */
  private static String change(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Map<String, JsonNode> header = header(bytes);
    header.remove("logits_vocab_ids"); // says which numbers another tensor has
    String name = List.copyOf(header.keySet()).get(random.nextInt(header.size()));
    JsonNode tensor = header.get(name);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int start = 8 + (int) buffer.getLong(0) + tensor.path("data_offsets").get(0).intValue();
    int end = 8 + (int) buffer.getLong(0) + tensor.path("data_offsets").get(1).intValue();
    if (tensor.path("dtype").asText().equals("I64")) {
      int at = start + 8 * random.nextInt((end - start) / 8);
      buffer.putLong(at, buffer.getLong(at) + 1);
    } else {
      int at = start + 4 * random.nextInt((end - start) / 4);
      float value = buffer.getFloat(at);
      buffer.putFloat(at, Float.isInfinite(value) ? 0 : value + 1);
    }
    Files.write(file, bytes);
    return name;
  }

  private static Map<String, JsonNode> header(byte[] bytes) throws IOException {
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
    JsonNode header =
        new ObjectMapper().readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
    Map<String, JsonNode> tensors = new TreeMap<>();
    header.properties().forEach(entry -> tensors.put(entry.getKey(), entry.getValue()));
    tensors.remove("__metadata__");
    return tensors;
  }
}
