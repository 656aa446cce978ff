package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.blip4j.data.file.MaskedCrc;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.Save;
import org.tensorflow.proto.DataType;

final class TensorBundleReaderTest extends GraphTest {
  private static final int MANY = 300;

  @TempDir Path folder;
  private Path prefix;

  @BeforeEach
  void save() {
    prefix = folder.resolve("variables");
    Ops tf = ctx.tf();
    List<String> names = new ArrayList<>();
    List<Operand<?>> values = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      names.add("text_encoder/encoder/layer/" + i + "/output/dense/kernel");
      values.add(floats(Shape.of(3, 2), values(Shape.of(3, 2), i)));
    }
    names.add("step");
    values.add(longs(Shape.scalar(), 41));
    names.add("empty");
    values.add(floats(Shape.of(0, 2)));
    Save save =
        tf.train.save(
            tf.constant(prefix.toString()),
            tf.array(names.toArray(String[]::new)),
            tf.array(Collections.nCopies(names.size(), "").toArray(String[]::new)),
            values);
    session().runner().addTarget(save.op()).run().close();
  }

  @Test
  void listsAndReadsWhatSaveV2Wrote() throws IOException {
    assertTrue(TensorBundleReader.exists(prefix));
    TensorBundleReader bundle = TensorBundleReader.open(prefix);
    assertEquals(MANY + 2, bundle.variables().size());
    for (int i = 0; i < MANY; i++) {
      String name = "text_encoder/encoder/layer/" + i + "/output/dense/kernel";
      assertEquals(
          new TensorBundleReader.Entry(name, DataType.DT_FLOAT, Shape.of(3, 2)),
          bundle.variables().get(name));
      assertArrayEquals(values(Shape.of(3, 2), i), bundle.floats(name));
    }
    assertArrayEquals(new long[] {41}, bundle.longs("step"));
    assertEquals(Shape.scalar(), bundle.variables().get("step").shape());
    assertEquals(0, bundle.floats("empty").length);
  }

  @Test
  void refusesNamesAndTypesThatAreNotThere() throws IOException {
    TensorBundleReader bundle = TensorBundleReader.open(prefix);
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> bundle.floats("stop"))
            .getMessage()
            .contains("no tensor stop"));
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> bundle.floats("step"))
            .getMessage()
            .contains("DT_INT64"));
  }

  @Test
  void namesTheFileThatIsDamaged() throws IOException {
    assertFalse(TensorBundleReader.exists(folder.resolve("other")));
    assertTrue(failure(folder.resolve("other")).contains("no such checkpoint index"));
    Path data = folder.resolve("variables.data-00000-of-00001");
    byte[] numbers = Files.readAllBytes(data);
    numbers[5] ^= 1;
    Files.write(data, numbers);
    TensorBundleReader bundle = TensorBundleReader.open(prefix);
    String first = "text_encoder/encoder/layer/0/output/dense/kernel";
    String message = assertThrows(IOException.class, () -> readAll(bundle)).getMessage();
    assertTrue(message.contains("checksum of tensor"), message);
    Files.delete(data);
    assertTrue(
        assertThrows(IOException.class, () -> bundle.floats(first))
            .getMessage()
            .contains("is missing"));
  }

  @Test
  void refusesCompressedAndCutIndexes() throws IOException {
    Path index = folder.resolve("variables.index");
    byte[] whole = Files.readAllBytes(index);
    Files.write(index, Arrays.copyOf(whole, whole.length - 9));
    assertTrue(failure(prefix).contains("cut off"));
    Files.write(index, compressed(whole));
    assertTrue(failure(prefix).contains("compressed with Snappy"), failure(prefix));
  }

  @Test
  void answersDamageWithAnErrorOfItsOwn() throws IOException {
    Path index = folder.resolve("variables.index");
    byte[] whole = Files.readAllBytes(index);
    Random random = new Random(3);
    int refused = 0;
    for (int round = 0; round < 200; round++) {
      byte[] bytes = whole.clone();
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
      Files.write(index, bytes);
      try {
        TensorBundleReader.open(prefix);
      } catch (IOException e) {
        refused++;
      }
    }
    assertTrue(refused > 190, refused + " of 200");
  }

  /** The same index with its first block marked as compressed, checksum included. */
  private static byte[] compressed(byte[] whole) {
    byte[] bytes = whole.clone();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int indexBlock = footerIndexBlock(buffer);
    int size = footerIndexSize(buffer);
    bytes[indexBlock + size] = 1;
    buffer.putInt(indexBlock + size + 1, MaskedCrc.of(buffer.slice(indexBlock, size + 1)));
    return bytes;
  }

  private static int footerIndexBlock(ByteBuffer buffer) {
    ByteBuffer footer = footer(buffer);
    return varint(footer);
  }

  private static int footerIndexSize(ByteBuffer buffer) {
    ByteBuffer footer = footer(buffer);
    varint(footer);
    return varint(footer);
  }

  private static ByteBuffer footer(ByteBuffer buffer) {
    ByteBuffer footer = buffer.slice(buffer.capacity() - 48, 48);
    varint(footer);
    varint(footer);
    return footer;
  }

  private static int varint(ByteBuffer in) {
    int value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static void readAll(TensorBundleReader bundle) throws IOException {
    for (TensorBundleReader.Entry variable : bundle.variables().values()) {
      if (variable.type() == DataType.DT_FLOAT) {
        bundle.floats(variable.name());
      }
    }
  }

  private static String failure(Path prefix) {
    return assertThrows(IOException.class, () -> TensorBundleReader.open(prefix)).getMessage();
  }
}
