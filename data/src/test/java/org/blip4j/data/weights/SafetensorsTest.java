package org.blip4j.data.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;

final class SafetensorsTest {
  private static final String A = "'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}";

  @TempDir Path folder;

  @Test
  void readsBackWhatItWrites() throws Exception {
    Path path = folder.resolve("w.safetensors");
    float[] kernel = new float[600 * 500];
    for (int i = 0; i < kernel.length; i++) {
      kernel[i] = i * 0.5f;
    }
    write(path, kernel, 7);
    try (WeightFile file = WeightFile.open(path)) {
      assertEquals(List.of("kernel", "pointer", "scalar"), file.tensors().keySet().asList());
      assertArrayEquals(kernel, file.tensors().get("kernel").floats());
      assertEquals(Shape.of(600, 500), file.tensors().get("kernel").shape());
      assertArrayEquals(new long[] {7}, file.tensors().get("pointer").longs());
      assertEquals(Shape.scalar(), file.tensors().get("scalar").shape());
      assertEquals("pt", ((SafetensorsFile) file).metadata().get("format"));
    }
  }

  @Test
  void leavesTheOldFileWhenWritingFails() throws Exception {
    Path path = folder.resolve("w.safetensors");
    write(path, new float[600 * 500], 1);
    byte[] before = Files.readAllBytes(path);
    assertThrows(IllegalArgumentException.class, () -> write(path, new float[3], 2));
    assertArrayEquals(before, Files.readAllBytes(path));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  private static void write(Path path, float[] kernel, long pointer) throws IOException {
    SafetensorsWriter.write(
        path,
        List.of(
            new SafetensorsWriter.Floats("kernel", Shape.of(600, 500), () -> kernel),
            new SafetensorsWriter.Longs("pointer", Shape.of(1), () -> new long[] {pointer}),
            new SafetensorsWriter.Floats("scalar", Shape.scalar(), () -> new float[] {1})));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{A,'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}} | 12 | a and b overlap",
        "{A,'b':{'dtype':'F32','shape':[2],'data_offsets':[8,12]}} | 12 | b of F32[2] needs 8"
            + " bytes",
        "{A,'b':{'dtype':'F32','shape':[2],'data_offsets':[8,16]}} | 12 | b ends at byte 16",
        "{A,'b':{'dtype':'F32','shape':[1],'data_offsets':[12,8]}} | 12 | b ends (8) before it"
            + " begins",
        "{A,'b':{'dtype':'F32','shape':[1],'data_offsets':[12,16]}} | 16 | 4 bytes between a and"
            + " tensor b",
        "{A,A} | 8 | names tensor a twice",
        "{A} | 12 | 4 bytes after the last tensor",
        "{A,'b':{'dtype':'F8_E4M3','shape':[4],'data_offsets':[8,12]}} | 12 | b has dtype"
            + " 'F8_E4M3'",
        "{A,'b':{'dtype':'F32','shape':[-1],'data_offsets':[8,12]}} | 12 | b lacks a proper shape",
        "{A,'b':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[8,12]}} | 12 | too"
            + " many",
        "{A | 8 | not valid JSON",
      })
  void refusesHeadersThatLie(String header, int dataBytes, String problem) throws Exception {
    Path path = folder.resolve("lie.safetensors");
    Files.write(path, file(header.replace("A", A).replace('\'', '"'), dataBytes));
    String message = assertThrows(WeightFileException.class, () -> open(path)).getMessage();
    assertTrue(message.contains(problem.replace("F32[2]", "F32" + Shape.of(2))), message);
  }

  @Test
  void readsShardsThroughTheirIndex() throws Exception {
    Files.write(folder.resolve("one.safetensors"), file("{" + A.replace('\'', '"') + "}", 8));
    Files.write(
        folder.resolve("two.safetensors"),
        file("{" + A.replace('\'', '"').replace("\"a\"", "\"b\"") + "}", 8));
    index("{'weight_map':{'a':'one.safetensors','b':'two.safetensors'}}");
    try (WeightFile file = WeightFile.open(folder)) {
      assertEquals(List.of("a", "b"), file.tensors().keySet().asList());
      assertEquals("safetensors in 2 shards", file.kind());
      assertEquals(2, file.tensors().get("b").floats().length);
    }
    index("{'weight_map':{'a':'one.safetensors','b':'one.safetensors'}}");
    assertTrue(failure(folder).contains("tensor b is not in one.safetensors"));
    index("{'weight_map':{'a':'one.safetensors','b':'three.safetensors'}}");
    assertTrue(failure(folder).contains("shard three.safetensors is missing"));
    index("{'weight_map':{'a':'../one.safetensors'}}");
    assertTrue(failure(folder).contains("not the name of a shard"));
  }

  @ParameterizedTest
  @CsvSource({
    "<!DOCTYPE html><html></html>, web page",
    "version https://git-lfs.github.com/spec/v1, Git LFS pointer",
    "just some text, expected safetensors or a PyTorch checkpoint"
  })
  void saysWhatAWrongFileIs(String content, String problem) throws Exception {
    Path path = folder.resolve("model.pth");
    Files.writeString(path, content);
    assertTrue(failure(path).contains(problem), failure(path));
  }

  @Test
  void namesWhatAFolderShouldHold() {
    assertTrue(failure(folder).contains("expected model.safetensors or pytorch_model.bin"));
    assertTrue(failure(folder.resolve("none")).contains("no such file"));
  }

  private void index(String json) throws IOException {
    Files.writeString(folder.resolve("model.safetensors.index.json"), json.replace('\'', '"'));
  }

  private static String failure(Path path) {
    return assertThrows(WeightFileException.class, () -> open(path)).getMessage();
  }

  private static void open(Path path) throws IOException {
    WeightFile.open(path).close();
  }

  private static byte[] file(String header, int dataBytes) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }
}
