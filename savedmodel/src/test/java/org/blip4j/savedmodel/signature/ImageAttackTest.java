package org.blip4j.savedmodel.signature;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.image.ImageDecoding;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * Image files with bytes changed, inserted and cut off by chance, beside a good one: each has
 * pixels or a status, and the good one keeps its own. {@code -Dblip.attacks=N} sets how many the
 * slow test tries.
 */
class ImageAttackTest {
  private static final int SHORT = 256;
  private static final int LONG = Integer.getInteger("blip.attacks", 20_000);
  private static final int ROWS = 32;
  private static final int SIDE = 16;
  private static final List<String> FORMATS = List.of("jpg", "png", "gif", "bmp");

  private static byte[] mutated(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int i = random.nextInt(6); i >= 0; i--) {
      int at = random.nextInt(random.nextBoolean() ? Math.min(64, bytes.length) : bytes.length);
      bytes[at] = (byte) (random.nextBoolean() ? 0xff >> random.nextInt(8) : random.nextInt(256));
    }
    return random.nextInt(6) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private static void attack(int count) {
    Random random = new Random(count);
    int refused = 0;
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      GraphContext ctx = GraphContext.create(graph, Mode.INFER);
      Operand<TString> files = ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
      ImageDecoding.Result decoded = new ImageDecoding(SIDE).apply(ctx, files);
      byte[] good = TinyModel.image(3, "jpg");
      float[] expected = null;
      for (int done = 0; done < count; done += ROWS) {
        byte[][] rows = new byte[ROWS][];
        int place = random.nextInt(ROWS);
        for (int row = 0; row < ROWS; row++) {
          byte[] whole = TinyModel.image(row, FORMATS.get(row % FORMATS.size()));
          rows[row] = row == place ? good : mutated(whole, random);
        }
        try (TString given = TString.tensorOfBytes(NdArrays.vectorOfObjects(rows));
            Result result =
                session
                    .runner()
                    .feed(files, given)
                    .fetch(decoded.pixels())
                    .fetch(decoded.status())
                    .run()) {
          TString status = (TString) result.get(1);
          assertEquals("", status.getObject(place));
          float[] pixels = row((TFloat32) result.get(0), place);
          expected = expected == null ? pixels : expected;
          assertArrayEquals(expected, pixels);
          for (int row = 0; row < ROWS; row++) {
            if (!status.getObject(row).isEmpty()) {
              refused++;
              assertArrayEquals(new float[pixels.length], row((TFloat32) result.get(0), row));
            }
          }
        }
      }
    }
    assertTrue(refused > count / 20, refused + " of " + count + " were refused");
  }

  private static float[] row(TFloat32 pixels, int row) {
    float[] values = new float[SIDE * SIDE * 3];
    TFloat32 all = pixels;
    all.asRawTensor()
        .data()
        .asFloats()
        .slice((long) row * values.length, values.length)
        .read(values);
    return values;
  }

  @Test
  void aDamagedFileHasPixelsOrAStatus() {
    attack(SHORT);
  }

  @Test
  @Tag("slow")
  void aDamagedFileHasPixelsOrAStatusForLong() {
    attack(LONG);
  }
}
