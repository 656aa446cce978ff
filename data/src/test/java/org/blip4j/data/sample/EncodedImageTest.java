package org.blip4j.data.sample;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.Resources;
import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EncodedImageTest {
  private static final String TRUTH = ".truth.png";

  private static Map<String, byte[]> kinds() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    byte[] all = Resources.toByteArray(Resources.getResource("image/other_kinds.zip"));
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(all))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), zip.readAllBytes());
      }
    }
    return files;
  }

  private static BufferedImage read(byte[] file) throws IOException {
    byte[] encoded = EncodedImage.of(ByteString.copyFrom(file)).bytes().toByteArray();
    return ImageIO.read(new ByteArrayInputStream(encoded));
  }

  private static String problem(byte[] file) {
    return assertThrows(SampleException.class, () -> EncodedImage.of(ByteString.copyFrom(file)))
        .getMessage();
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "png", "gif", "bmp"})
  void whatTheGraphReadsStaysAsItIs(String format) throws IOException {
    ByteString file = TestImages.image(format, 40, 24);
    assertSame(file, EncodedImage.of(file).bytes());
  }

  @Test
  void picturesOfEqualPixelsHaveOneHash() throws IOException {
    EncodedImage png = EncodedImage.of(TestImages.image("png", 40, 24));
    EncodedImage bmp = EncodedImage.of(TestImages.image("bmp", 40, 24));
    assertEquals(png.pixels(), bmp.pixels());
    assertEquals(
        png.pixels(), EncodedImage.of(png.bytes().concat(ByteString.fromHex("00"))).pixels());
    assertNotEquals(png.pixels(), EncodedImage.of(TestImages.image("png", 24, 40)).pixels());
    assertNotEquals(png.pixels(), EncodedImage.of(TestImages.image("png", 40, 25)).pixels());
  }

  @Test
  void thumbnailsAreSmallPngFilesOfTheSameShape() throws IOException {
    ByteString small = EncodedImage.of(TestImages.image("jpg", 400, 240)).thumbnail(100);
    assertEquals(ImageInfo.ImageFormat.PNG, ImageInfo.inspect(small).format());
    assertEquals(100, ImageInfo.inspect(small).width());
    assertEquals(60, ImageInfo.inspect(small).height());
    byte[] webp = kinds().get("lossless.webp");
    assertAlike(read(webp), EncodedImage.of(ByteString.copyFrom(webp)).thumbnail(100));
    ByteString png = TestImages.image("png", 40, 24);
    assertAlike(read(png.toByteArray()), EncodedImage.of(png).thumbnail(100));
    ByteString half = EncodedImage.of(png).thumbnail(20);
    BufferedImage whole = read(png.toByteArray());
    int blue = 0;
    for (int i = 0; i < 4; i++) {
      blue += whole.getRGB(2 + i % 2, 4 + i / 2) & 255;
    }
    assertEquals(blue / 4, ImageIO.read(half.newInput()).getRGB(1, 2) & 255);
  }

  private static void assertAlike(BufferedImage whole, ByteString thumbnail) throws IOException {
    BufferedImage found = ImageIO.read(thumbnail.newInput());
    assertEquals(whole.getWidth(), found.getWidth());
    assertEquals(whole.getHeight(), found.getHeight());
    for (int y = 0; y < found.getHeight(); y++) {
      for (int x = 0; x < found.getWidth(); x++) {
        assertEquals(whole.getRGB(x, y) & 0xffffff, found.getRGB(x, y) & 0xffffff);
      }
    }
  }

  @Test
  void eachKindIsWhatPillowShows() throws IOException {
    Map<String, byte[]> files = kinds();
    List<Executable> checks = new ArrayList<>();
    files.forEach(
        (name, file) -> {
          if (!name.endsWith(TRUTH)) {
            checks.add(() -> assertEqual(name, files.get(name + TRUTH), file));
          }
        });
    assertAll(checks);
  }

  private static void assertEqual(String name, byte[] truth, byte[] file) throws IOException {
    BufferedImage expected = ImageIO.read(new ByteArrayInputStream(truth));
    BufferedImage found = read(file);
    assertEquals(expected.getWidth(), found.getWidth(), name);
    assertEquals(expected.getHeight(), found.getHeight(), name);
    for (int y = 0; y < found.getHeight(); y++) {
      for (int x = 0; x < found.getWidth(); x++) {
        assertEquals(
            "%06x".formatted(expected.getRGB(x, y) & 0xffffff),
            "%06x".formatted(found.getRGB(x, y) & 0xffffff),
            name + " at " + x + ", " + y);
      }
    }
  }

  @Test
  void damageIsNamed() throws IOException {
    byte[] jpeg = TestImages.image("jpg", 40, 24).toByteArray();
    byte[] png = TestImages.image("png", 40, 24).toByteArray();
    Map<String, byte[]> kinds = kinds();
    assertTrue(problem(new byte[0]).contains("empty"));
    assertTrue(problem("a text".getBytes(ISO_8859_1)).contains("not an image"));
    assertTrue(problem(cut(jpeg, 2)).contains("cut short"));
    assertTrue(problem(cut(png, 2)).contains("cut short"));
    assertTrue(problem(cut(kinds.get("rgb.tif"), 2)).contains("cut short"));
    assertTrue(problem(cut(kinds.get("lossy.webp"), 2)).contains("cut short"));
    byte[] webp = kinds.get("lossless.webp");
    Arrays.fill(webp, 25, webp.length, (byte) 0xff);
    assertTrue(problem(webp).contains("damaged WEBP"), problem(webp));
  }

  private static byte[] cut(byte[] file, int share) {
    return Arrays.copyOf(file, file.length / share);
  }

  @Test
  void formatsOfPhonesAreNamed() {
    byte[] heic = "\0\0\0\u001cftypheic\0\0\0\0mif1heic".getBytes(ISO_8859_1);
    byte[] avif = "\0\0\0\u001cftypavif\0\0\0\0mif1avif".getBytes(ISO_8859_1);
    assertEquals(
        "a picture in the format HEIC, which is not read; save it as JPEG, PNG or WebP",
        problem(heic));
    assertEquals(
        "a picture in the format AVIF, which is not read; save it as JPEG, PNG or WebP",
        problem(avif));
  }

  /** A header may promise what it likes; nothing is made room for before it is found wrong. */
  @Test
  void lyingHeadersAreRefused() throws IOException {
    ByteBuffer bmp = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    bmp.put("BM".getBytes(ISO_8859_1)).putInt(10, 54).putInt(14, 40);
    bmp.putInt(18, 100_000).putInt(22, 100_000);
    assertEquals(
        "100000 x 100000 pixels are too many; 178956970 are read at most", problem(bmp.array()));
    byte[] gif = TestImages.image("gif", 9, 9).toByteArray();
    Arrays.fill(gif, 6, 10, (byte) 0xff);
    assertTrue(problem(gif).startsWith("65535 x 65535 pixels are too many"), problem(gif));
    for (String kind : List.of("rgb.tif", "rgb_lzw.tif", "rgb_deflate.tif", "rgb_packbits.tif")) {
      String found = problem(withTag(kinds().get(kind), 256, 12_000, 257, 14_000));
      assertTrue(found.contains("12000 x 14000 pixels cannot be in"), kind + ": " + found);
    }
    assertTrue(problem(withTag(kinds().get("rgb.tif"), 277, 60_000)).contains("bits a pixel"));
    assertTrue(problem(withTag(kinds().get("rgb.tif"), 279, 2_000_000_000)).contains("cut short"));
    byte[] webp = kinds().get("lossy_alpha.webp"); // of the extended kind
    webp[25] = 0x30;
    webp[28] = 0x30;
    assertTrue(problem(webp).contains("its picture has 21 x 14"), problem(webp));
  }

  /** A TIFF file with other values, as 32-bit numbers. */
  private static byte[] withTag(byte[] tiff, int... tagsAndValues) {
    ByteBuffer bytes = ByteBuffer.wrap(tiff).order(ByteOrder.LITTLE_ENDIAN);
    int directory = bytes.getInt(4);
    for (int i = 0; i < bytes.getShort(directory); i++) {
      int entry = directory + 2 + 12 * i;
      for (int j = 0; j < tagsAndValues.length; j += 2) {
        if (bytes.getShort(entry) == tagsAndValues[j]) {
          bytes.putShort(entry + 2, (short) 4).putInt(entry + 4, 1);
          bytes.putInt(entry + 8, tagsAndValues[j + 1]);
        }
      }
    }
    return tiff;
  }
}
