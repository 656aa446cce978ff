package org.blip4j.data.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableList;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One state dict in every container that published checkpoints come in, and damaged ones. */
final class ContainersTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zip.pth",
        "zip_torch26.pth",
        "legacy.pth",
        "legacy_torch26.pth",
        "bare.pth",
        "bare_legacy.pth",
        "parameters.pth",
        "tensors.safetensors"
      })
  void readsEveryTensorExactly(String name) throws Exception {
    JsonNode expected = expected().get("state_dict");
    try (WeightFile file = WeightFile.open(container(name))) {
      assertEquals(
          ImmutableList.copyOf(expected.fieldNames()).stream().sorted().toList(),
          file.tensors().keySet().stream().sorted().toList());
      for (Map.Entry<String, JsonNode> entry : expected.properties()) {
        assertTensor(entry.getValue(), file.tensors().get(entry.getKey()));
      }
    }
  }

  @Test
  void keepsTheOrderOfTheStateDict() throws Exception {
    try (WeightFile file = WeightFile.open(container("zip.pth"))) {
      assertEquals(
          ImmutableList.copyOf(expected().get("state_dict").fieldNames()),
          file.tensors().keySet().asList());
    }
  }

  @Test
  void readsLargeArchivesAndNewerPickles() throws Exception {
    Path path = Path.of(ContainersTest.class.getResource("made/zip64_protocol4.pth").toURI());
    try (TorchCheckpoint file = (TorchCheckpoint) WeightFile.open(path)) {
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, file.tensors().get("w").floats());
      assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, file.tensors().get("v").floats());
      assertEquals(12L, file.entry("epoch"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zip.pth", "legacy.pth"})
  void tellsTiedTensorsFromViewsOfOneStorage(String name) throws Exception {
    try (WeightFile file = WeightFile.open(container(name))) {
      Map<String, StoredTensor> tensors = file.tensors();
      assertTrue(tensors.get("tied_a").sameStorage(tensors.get("tied_b")));
      assertFalse(tensors.get("tied_a").sameStorage(tensors.get("shared_a")));
      assertFalse(tensors.get("0.weight").sameStorage(tensors.get("float32")));
      assertFalse(tensors.get("transposed").isContiguous());
      assertFalse(tensors.get("expanded").mapped().isPresent());
    }
  }

  @Test
  void handsOutMappedBytesOfContiguousTensors() throws Exception {
    try (WeightFile file = WeightFile.open(container("zip.pth"))) {
      StoredTensor bias = file.tensors().get("0.bias");
      FloatBuffer mapped = bias.mapped().orElseThrow().asFloatBuffer();
      assertEquals(bias.floats()[1], mapped.get(1));
      assertEquals(2, mapped.remaining());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nested.pth", "nested_legacy.pth"})
  void readsWhatATrainingCheckpointHoldsBesideTheModel(String name) throws Exception {
    JsonNode nested = expected().get("nested");
    try (TorchCheckpoint file = (TorchCheckpoint) WeightFile.open(container(name))) {
      assertEquals(List.of("model", "optimizer", "config", "epoch"), file.entries().asList());
      assertEquals(6, file.tensors().size());
      assertPlain(nested.get("model"), file.entry("model"));
      assertPlain(nested.get("optimizer"), file.entry("optimizer"));
      assertPlain(nested.get("config"), file.entry("config"));
      assertEquals(7L, file.entry("epoch"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"refuse_code.pth", "refuse_code_legacy.pth"})
  void refusesCodeByItsName(String name) throws Exception {
    assertTrue(failure(name).contains("posix.system"), failure(name));
  }

  @ParameterizedTest
  @CsvSource({
    "truncated_zip.pth, cut off",
    "truncated_legacy.pth, cut off",
    "truncated_legacy_pickle.pth, cut off",
    "truncated.safetensors, cut off",
    "truncated_header.safetensors, cut off inside its header",
    "empty.pth, the file is empty",
    "cases.json, this is JSON"
  })
  void saysInOneLineWhatIsWrong(String name, String problem) throws Exception {
    String message = failure(name);
    assertTrue(message.contains(name) && message.contains(problem), message);
    assertFalse(message.contains("\n"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nested.pth", "legacy.pth", "tensors.safetensors"})
  void answersDamageWithItsOwnErrorOnly(String name, @TempDir Path folder) throws Exception {
    byte[] whole = Files.readAllBytes(container(name));
    Path damaged = folder.resolve(name);
    Random random = new Random(5);
    int refused = 0;
    for (int round = 0; round < 400; round++) {
      byte[] bytes = whole.clone();
      for (int i = random.nextInt(3); i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      Files.write(damaged, bytes);
      try (WeightFile file = WeightFile.open(damaged)) {
        for (StoredTensor tensor : file.tensors().values()) {
          if (tensor.shape().size() < 1000) {
            assertEquals(tensor.shape().size(), tensor.doubles().length);
          }
        }
      } catch (WeightFileException e) {
        refused++;
      }
    }
    assertTrue(refused > 40, "only " + refused + " of 400 damaged files were refused");
  }

  private static String failure(String name) throws Exception {
    Path path = container(name);
    return assertThrows(WeightFileException.class, () -> WeightFile.open(path).close())
        .getMessage();
  }

  private static void assertPlain(JsonNode expected, Object actual) throws IOException {
    if (actual instanceof StoredTensor tensor) {
      assertTensor(expected, tensor);
    } else if (actual instanceof Map<?, ?> map) {
      assertEquals(expected.size(), map.size());
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        assertPlain(expected.get(entry.getKey().toString()), entry.getValue());
      }
    } else if (actual instanceof List<?> list) {
      assertEquals(expected.size(), list.size());
      for (int i = 0; i < list.size(); i++) {
        assertPlain(expected.get(i), list.get(i));
      }
    } else if (actual instanceof Long number) {
      assertEquals(expected.longValue(), number);
    } else {
      assertEquals(JSON.convertValue(expected, Object.class), actual);
    }
  }

  private static void assertTensor(JsonNode expected, StoredTensor tensor) throws IOException {
    String what = tensor.name();
    assertEquals(typeName(expected.get("dtype").asText()), tensor.type().name(), what);
    long[] shape =
        ImmutableList.copyOf(expected.get("shape")).stream().mapToLong(JsonNode::asLong).toArray();
    assertArrayEquals(shape, tensor.shape().asArray(), what);
    JsonNode values = expected.get("values");
    double[] doubles = tensor.doubles();
    assertEquals(values.size(), doubles.length, what);
    float[] floats = tensor.floats();
    long[] longs = tensor.type().isInteger() ? tensor.longs() : null;
    for (int i = 0; i < values.size(); i++) {
      JsonNode value = values.get(i);
      if (longs == null) {
        double number = Double.parseDouble(value.asText());
        assertEquals(number, doubles[i], what + " " + i);
        assertEquals((float) number, floats[i], what + " " + i);
      } else {
        assertEquals(value.isBoolean() ? (value.asBoolean() ? 1 : 0) : value.longValue(), longs[i]);
      }
    }
  }

  private static String typeName(String torch) {
    return torch
        .replace("bfloat16", "BF16")
        .replace("float", "F")
        .replace("uint", "U")
        .replace("int", "I")
        .toUpperCase(Locale.ROOT);
  }

  private static JsonNode expected() throws Exception {
    return JSON.readTree(new File(container("expected.json").toString()));
  }

  private static Path container(String name) throws URISyntaxException {
    return Path.of(ContainersTest.class.getResource("containers/" + name).toURI());
  }

  @Test
  void readsHalfPrecisionOfEveryKind() {
    ByteBuffer halves = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    LongStream.of(0x3c00, 0xfc00, 0x8000, 0x0001, 0x7e00).forEach(h -> halves.putShort((short) h));
    float[] values = new float[5];
    WeightType.F16.toFloats(halves.flip(), 5, FloatBuffer.wrap(values));
    float[] expected = {1, Float.NEGATIVE_INFINITY, -0.0f, 0x1p-24f, Float.NaN};
    assertArrayEquals(expected, values);
  }
}
