package org.blip4j.ops.image;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/** Each kind of BMP, GIF, PNG and JPEG against what Pillow shows. */
final class ImageKindsTest extends ImageTest {
  private static final String TRUTH = ".truth.png";

  private static Map<String, byte[]> kinds() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (ZipInputStream zip =
        new ZipInputStream(new ByteArrayInputStream(Pictures.read("kinds.zip")))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), zip.readAllBytes());
      }
    }
    return files;
  }

  @Test
  void eachKindIsWhatPillowShows() throws IOException {
    Operand<TString> file = ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of()));
    Operand<TUint8> decoded = ImageDecoding.decodeOne(ctx, file);
    Map<String, byte[]> files = kinds();
    List<Executable> checks = new ArrayList<>();
    files.forEach(
        (name, bytes) -> {
          if (!name.endsWith(TRUTH)) {
            byte[] truth = pixels(decoded, file, files.get(name + TRUTH));
            checks.add(
                () -> {
                  byte[] found = pixels(decoded, file, bytes);
                  assertEquals(truth.length, found.length, name);
                  int levels = name.contains("inks") || name.contains("ycck") ? 1 : 0;
                  for (int i = 0; i < truth.length; i++) {
                    int difference = Math.abs((truth[i] & 0xff) - (found[i] & 0xff));
                    assertTrue(difference <= levels, name + ": off by " + difference + " at " + i);
                  }
                });
          }
        });
    assertAll(checks);
  }

  private byte[] pixels(Operand<TUint8> decoded, Operand<TString> fed, byte[] file) {
    try (TString value = TString.tensorOfBytes(NdArrays.scalarOfObject(file))) {
      return bytes(decoded, fed, value);
    }
  }

  @Test
  void moreThanTheLimitIsAStatus() {
    byte[] bmp = new byte[64];
    bmp[0] = 'B';
    bmp[1] = 'M';
    bmp[14] = 40;
    Arrays.fill(bmp, 18, 20, (byte) 0xff); // width and height
    Arrays.fill(bmp, 22, 24, (byte) 0xff);
    byte[] png = Pictures.read("tiny.png").clone();
    png[17] = 0x10; // 1,048,583 wide
    png[21] = 1; // 65,549 high
    byte[] gif = Pictures.read("animated.gif").clone();
    Arrays.fill(gif, 6, 10, (byte) 0xff);
    byte[] jpeg = Pictures.read("baseline.jpg").clone();
    int frame = 0;
    while (jpeg[frame] != (byte) 0xff || jpeg[frame + 1] != (byte) 0xc0) {
      frame++;
    }
    jpeg[frame + 5] = (byte) 0xf0;
    jpeg[frame + 7] = (byte) 0xf0;
    Operand<TString> fed = files();
    Rows rows =
        rows(
            new ImageDecoding(8).apply(ctx, fed),
            fed,
            List.of(bmp, png, gif, jpeg, Pictures.read("tiny.png")));
    String many = " pixels are too many; 178956970 are read at most";
    assertEquals(
        List.of(
            "65535 x 65535" + many,
            "1048583 x 65549" + many,
            "65535 x 65535" + many,
            "61515 x 61492" + many,
            ""),
        rows.status());
  }

  /** 5,000,000 columns of one line, and a first picture far larger than its screen. */
  @Test
  void aFewBytesDoNotAskForGigabytes() {
    byte[] bmp = new byte[64];
    bmp[0] = 'B';
    bmp[1] = 'M';
    bmp[14] = 40;
    System.arraycopy(new byte[] {0x40, 0x4b, 0x4c, 0}, 0, bmp, 18, 4);
    bmp[22] = 1;
    byte[] gif = Pictures.read("animated.gif").clone();
    int picture = 13 + 3 * 256;
    assertEquals(',', gif[picture]);
    Arrays.fill(gif, picture + 5, picture + 9, (byte) 0xff);
    Operand<TString> fed = files();
    Rows rows =
        rows(
            new ImageDecoding(8).apply(ctx, fed),
            fed,
            List.of(bmp, gif, Pictures.read("tiny.png")));
    assertEquals(
        List.of(
            "5000000 x 1 pixels are too many; 178956970 are read at most",
            "damaged GIF: it cannot be decoded",
            ""),
        rows.status());
  }

  @Test
  void compressedBmpIsNamed() {
    byte[] bmp = new byte[80];
    bmp[0] = 'B';
    bmp[1] = 'M';
    bmp[10] = 54;
    bmp[14] = 40;
    bmp[18] = 2;
    bmp[22] = 2;
    bmp[28] = 8;
    bmp[30] = 1;
    Operand<TString> fed = files();
    assertEquals(
        List.of("unsupported BMP with run-length compression; JPEG, PNG, GIF and BMP are read"),
        rows(new ImageDecoding(8).apply(ctx, fed), fed, List.of(bmp)).status());
  }

  @Test
  void aSeedMakesTheSamePictureInAnyBatch() {
    Operand<TString> fed = files();
    Operand<TInt64> seed = ctx.tf().constant(new long[][] {{1, 2}, {1, 2}});
    ImageDecoding.Result images =
        new ImageDecoding(16)
            .apply(ctx, fed, new Augmentation(Augmentation.Settings.PRETRAIN), seed);
    byte[] picture = Pictures.read("rgb.png");
    Rows rows = rows(images, fed, List.of(picture, picture));
    assertArrayEquals(rows.pixels().get(0), rows.pixels().get(1));
  }
}
