package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.train.Restore;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

final class TensorBundleWriterTest extends GraphTest {
  private static final Shape LARGE = Shape.of(700, 500);

  @TempDir Path folder;

  @Test
  void writesWhatTensorFlowRestores() throws IOException {
    Path prefix = folder.resolve("variables");
    write(prefix, 300);
    Ops tf = ctx.tf();
    List<String> names = new ArrayList<>();
    List<Class<? extends TType>> types = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      names.add(name(i));
      types.add(TFloat32.class);
    }
    names.addAll(List.of("large", "step", "empty"));
    types.addAll(List.of(TFloat32.class, TInt64.class, TFloat32.class));
    Restore restore =
        tf.train.restore(
            tf.constant(prefix.toString()),
            tf.array(names.toArray(String[]::new)),
            tf.array(Collections.nCopies(names.size(), "").toArray(String[]::new)),
            types);
    for (int i = 0; i < 300; i += 37) {
      assertArrayEquals(values(Shape.of(2, 3), i), run(floats(restore, i)));
    }
    assertArrayEquals(values(LARGE, 9), run(floats(restore, 300)));
    assertArrayEquals(new long[] {41}, runInts(restore.op().<TInt64>output(301)));
    assertEquals(0, run(floats(restore, 302)).length);
  }

  @Test
  void writesWhatOurReaderReads() throws IOException {
    Path prefix = folder.resolve("variables");
    write(prefix, 300);
    TensorBundleReader bundle = TensorBundleReader.open(prefix);
    assertEquals(303, bundle.variables().size());
    assertArrayEquals(values(LARGE, 9), bundle.floats("large"));
    assertArrayEquals(values(Shape.of(2, 3), 123), bundle.floats(name(123)));
    assertEquals(Shape.scalar(), bundle.variables().get("step").shape());
  }

  @Test
  void leavesTheOldCheckpointUnlessFinished() throws IOException {
    Path prefix = folder.resolve("variables");
    write(prefix, 3);
    try (TensorBundleWriter writer = TensorBundleWriter.create(prefix)) {
      writer.add("other", Shape.of(1), new float[1]);
      assertTrue(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> writer.add("other", Shape.of(1), new float[1]))
              .getMessage()
              .contains("comes twice"));
      assertThrows(
          IllegalArgumentException.class, () -> writer.add("more", Shape.of(2), new long[1]));
    }
    assertEquals(6, TensorBundleReader.open(prefix).variables().size());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(2, files.count());
    }
  }

  private static void write(Path prefix, int count) throws IOException {
    try (TensorBundleWriter writer = TensorBundleWriter.create(prefix)) {
      for (int i = count - 1; i >= 0; i--) {
        writer.add(name(i), Shape.of(2, 3), values(Shape.of(2, 3), i));
      }
      writer.add("large", LARGE, values(LARGE, 9));
      writer.add("step", Shape.scalar(), new long[] {41});
      writer.add("empty", Shape.of(0, 4), new float[0]);
      writer.finish();
    }
  }

  private static String name(int i) {
    return "visual_encoder/blocks/" + i + "/attn/qkv/kernel";
  }

  private static Operand<TFloat32> floats(Restore restore, int index) {
    return restore.op().output(index);
  }
}
