package org.blip4j.ops.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.blip4j.ops.image.Augmentation.Settings;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

final class AugmentationTest extends ImageTest {
  private final Operand<TString> files = files();
  private final Operand<TInt64> seeds =
      ctx.tf().placeholder(TInt64.class, Placeholder.shape(Shape.of(-1, 2)));

  @Test
  void aRowDependsOnItsSeedAlone() {
    ImageDecoding.Result images =
        new ImageDecoding(24).apply(ctx, files, new Augmentation(Settings.PRETRAIN), seeds);
    List<byte[]> batch = Pictures.bytes("rgb.png", "tall444.jpg", "rgb.png", "rgb.png");
    List<float[]> together = rows(images, batch, new long[][] {{5, 1}, {5, 2}, {5, 3}, {5, 1}});
    assertArrayEquals(together.get(0), together.get(3));
    assertFalse(Arrays.equals(together.get(0), together.get(2)));
    List<float[]> alone = rows(images, batch.subList(1, 2), new long[][] {{5, 2}});
    assertArrayEquals(together.get(1), alone.get(0));
  }

  @Test
  void noSettingsMeanEvaluation() {
    ImageDecoding.Result plain = new ImageDecoding(24).apply(ctx, files);
    ImageDecoding.Result none =
        new ImageDecoding(24).apply(ctx, files, new Augmentation(Settings.NONE), seeds);
    List<byte[]> batch = Pictures.bytes("rgb.png", "tiny.png");
    List<float[]> augmented = rows(none, batch, new long[][] {{1, 1}, {1, 2}});
    List<float[]> expected = rows(plain, files, batch).pixels();
    assertArrayEquals(expected.get(0), augmented.get(0));
    assertArrayEquals(expected.get(1), augmented.get(1));
  }

  @Test
  void flipsHalfOfTheImages() {
    Augmentation flip = new Augmentation(new Settings(0, true, 0, 0));
    ImageDecoding.Result images = new ImageDecoding(32).apply(ctx, files, flip, seeds);
    int rows = 200;
    long[][] numbers = new long[rows][2];
    for (int i = 0; i < rows; i++) {
      numbers[i][1] = i;
    }
    List<float[]> pixels =
        rows(images, Collections.nCopies(rows, Pictures.read("rgb.png")), numbers);
    List<float[]> kinds = new ArrayList<>();
    int first = 0;
    for (float[] row : pixels) {
      if (kinds.stream().noneMatch(kind -> Arrays.equals(kind, row))) {
        kinds.add(row);
      }
      first += Arrays.equals(row, kinds.get(0)) ? 1 : 0;
    }
    assertEquals(2, kinds.size());
    assertTrue(first > 75 && first < 125, "of 200 images " + first + " look like the first");
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 32; x++) {
        assertEquals(kinds.get(0)[(y * 32 + x) * 3], kinds.get(1)[(y * 32 + 31 - x) * 3]);
      }
    }
  }

  @Test
  void cropsWithinTheGivenAreaAndRatio() {
    Operand<TUint8> image = image();
    Operand<TFloat64> uniform =
        ctx.tf().placeholder(TFloat64.class, Placeholder.shape(Shape.of(RandomCrop.DRAWS)));
    Operand<TUint8> crop = new RandomCrop(0.25).apply(ctx, image, uniform);
    double[] draws = new double[RandomCrop.DRAWS];
    // Area 0.25 and ratio 1: 50 x 50 of 100 x 100, at row floor(0.5 * 51), column 0.
    Arrays.fill(draws, 10, 20, 0.5);
    draws[20] = 0.5;
    assertEquals(List.of(50, 50, 25, 0), box(crop, image, uniform, draws, 100, 100));
    // Nothing of the whole area fits 20 x 90: central, 20 wide, 20 / (3/4) high.
    Arrays.fill(draws, 0, 10, 0.999);
    assertEquals(List.of(27, 20, 31, 0), box(crop, image, uniform, draws, 90, 20));
    assertEquals(List.of(20, 27, 0, 31), box(crop, image, uniform, draws, 20, 90));
    // The first try is too large, the second fits.
    draws[1] = 0;
    assertEquals(21, box(crop, image, uniform, draws, 24, 75).get(1));
  }

  @Test
  void refusesSettingsOutOfRange() {
    assertEquals("crop scale 1.5 must be in (0, 1], or 0 for no crop", refused(1.5, 2, 5));
    assertEquals("number of augment operations -1 must be 0 or more", refused(0.5, -1, 5));
    assertEquals("augment magnitude 11 must be 0 to 10", refused(0.5, 2, 11));
  }

  private static String refused(double scale, int operations, int magnitude) {
    return assertThrows(
            IllegalArgumentException.class, () -> new Settings(scale, true, operations, magnitude))
        .getMessage();
  }

  /** Height, width, top and left of a crop, read from an image that numbers its pixels. */
  private List<Integer> box(
      Operand<TUint8> crop, Operand<?> image, Operand<?> uniform, double[] draws, int... size) {
    byte[] pixels = new byte[size[0] * size[1] * 3];
    for (int i = 0; i < size[0] * size[1]; i++) {
      pixels[i * 3] = (byte) (i / size[1]);
      pixels[i * 3 + 1] = (byte) (i % size[1]);
    }
    try (TUint8 fed = tensor(size[0], size[1], pixels);
        TFloat64 numbers = TFloat64.vectorOf(draws);
        Result result =
            session()
                .runner()
                .feed(image.asOutput(), fed)
                .feed(uniform.asOutput(), numbers)
                .fetch(crop)
                .run()) {
      TUint8 cut = (TUint8) result.get(0);
      return List.of(
          (int) cut.shape().get(0),
          (int) cut.shape().get(1),
          (int) cut.getByte(0, 0, 0),
          (int) cut.getByte(0, 0, 1));
    }
  }

  private List<float[]> rows(ImageDecoding.Result images, List<byte[]> batch, long[][] numbers) {
    try (TString bytes = tensor(batch);
        TInt64 seed = TInt64.tensorOf(StdArrays.ndCopyOf(numbers));
        Result result =
            session()
                .runner()
                .feed(files.asOutput(), bytes)
                .feed(seeds.asOutput(), seed)
                .fetch(images.pixels())
                .fetch(images.status())
                .run()) {
      Rows rows = rows(result);
      assertEquals(Collections.nCopies(batch.size(), ""), rows.status());
      return rows.pixels();
    }
  }
}
