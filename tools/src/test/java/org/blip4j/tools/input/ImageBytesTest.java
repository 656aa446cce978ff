package org.blip4j.tools.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.IntBinaryOperator;
import javax.imageio.ImageIO;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;

class ImageBytesTest {
  private static final int WIDTH = 40;
  private static final int HEIGHT = 24;

  private static BufferedImage picture(int type, IntBinaryOperator argb) {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, type);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        image.setRGB(x, y, argb.applyAsInt(x, y));
      }
    }
    return image;
  }

  private static byte[] file(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out), "no writer for " + format);
    return out.toByteArray();
  }

  private static BufferedImage read(byte[] file) throws IOException {
    LoadedImage.Content content = ImageBytes.of(file);
    assertTrue(content instanceof LoadedImage.Bytes, content.toString());
    return ImageIO.read(new ByteArrayInputStream(((LoadedImage.Bytes) content).value()));
  }

  private static String problem(byte[] file) {
    return ((LoadedImage.Problem) ImageBytes.of(file)).text();
  }

  private static void assertNear(BufferedImage expected, BufferedImage actual, int levels) {
    assertEquals(expected.getWidth(), actual.getWidth());
    assertEquals(expected.getHeight(), actual.getHeight());
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        for (int shift : new int[] {0, 8, 16}) {
          int wanted = expected.getRGB(x, y) >> shift & 255;
          int found = actual.getRGB(x, y) >> shift & 255;
          assertTrue(
              Math.abs(wanted - found) <= levels, x + "," + y + ": " + found + ", not " + wanted);
        }
      }
    }
  }

  @Test
  void whatTheGraphReadsStaysAsItIs() throws IOException {
    for (String format : new String[] {"jpg", "png", "gif", "bmp"}) {
      byte[] file = file(picture(BufferedImage.TYPE_INT_RGB, (x, y) -> 0x808080), format);
      assertSame(file, ((LoadedImage.Bytes) ImageBytes.of(file)).value(), format);
    }
  }

  @Test
  void webpBecomesPng() throws IOException {
    BufferedImage smooth = picture(BufferedImage.TYPE_INT_RGB, (x, y) -> (4 * x) << 8 | 6 * y);

    byte[] webp = file(smooth, "webp");

    assertNear(smooth, read(webp), 30); // lossy
    assertTrue(problem(Arrays.copyOf(webp, webp.length - 20)).contains("cut short"));
  }

  @Test
  void anAnimatedWebpIsItsFirstPicture() throws IOException {
    byte[] first = file(picture(BufferedImage.TYPE_INT_RGB, (x, y) -> 0x3050a0), "webp");
    byte[] second = file(picture(BufferedImage.TYPE_INT_RGB, (x, y) -> 0xffffff), "webp");
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    chunks.write("WEBP".getBytes(ISO_8859_1));
    byte[] extended = new byte[10];
    extended[0] = 2; // animated
    extended[4] = WIDTH - 1;
    extended[7] = HEIGHT - 1;
    chunks.write(chunk("VP8X", extended));
    chunks.write(chunk("ANIM", new byte[6]));
    for (byte[] frame : new byte[][] {first, second}) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.write(new byte[] {0, 0, 0, 0, 0, 0, WIDTH - 1, 0, 0, HEIGHT - 1, 0, 0, 100, 0, 0, 0});
      body.write(frame, 12, frame.length - 12);
      chunks.write(chunk("ANMF", body.toByteArray()));
    }

    BufferedImage still = read(chunk("RIFF", chunks.toByteArray()));

    assertNear(read(first), still, 0);
  }

  private static byte[] chunk(String name, byte[] body) {
    ByteBuffer chunk =
        ByteBuffer.allocate(8 + body.length + body.length % 2).order(ByteOrder.LITTLE_ENDIAN);
    chunk.put(name.getBytes(ISO_8859_1)).putInt(body.length).put(body);
    return chunk.array();
  }

  @Test
  void transparencyIsDropped() throws IOException {
    BufferedImage clear =
        picture(BufferedImage.TYPE_INT_ARGB, (x, y) -> (255 - 6 * x) << 24 | 0x20c040);
    BufferedImage opaque = picture(BufferedImage.TYPE_INT_RGB, (x, y) -> 0x20c040);

    assertNear(opaque, read(file(clear, "tif")), 0);
  }

  @Test
  void grayKeepsItsLevels() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
      BufferedImage gray = new BufferedImage(WIDTH, HEIGHT, type);
      int scale = type == BufferedImage.TYPE_BYTE_GRAY ? 1 : 257;
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          gray.getRaster().setSample(x, y, 0, (x + y) * scale);
        }
      }

      assertNear(
          picture(BufferedImage.TYPE_INT_RGB, (x, y) -> (x + y) * 0x010101),
          read(file(gray, "tif")),
          0);
    }
  }

  @Test
  void damageIsNamed() throws IOException {
    byte[] jpeg = TinyModel.image(1, "jpg");
    byte[] png = TinyModel.image(1, "png");
    byte[] tiff = file(picture(BufferedImage.TYPE_INT_RGB, (x, y) -> x), "tif");

    assertTrue(problem(new byte[0]).contains("empty"));
    assertTrue(problem("a text".getBytes(ISO_8859_1)).contains("not an image"));
    assertTrue(problem(Arrays.copyOf(jpeg, jpeg.length / 2)).contains("cut short"));
    assertTrue(problem(Arrays.copyOf(png, png.length / 2)).contains("cut short"));
    assertTrue(problem(Arrays.copyOf(tiff, 100)).contains("damaged TIF"));
  }

  @Test
  void aBombIsNotDecoded() {
    ByteBuffer bmp = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    bmp.put("BM".getBytes(ISO_8859_1)).putInt(10, 54).putInt(14, 40);
    bmp.putInt(18, 100_000).putInt(22, 100_000);

    assertArrayEquals(
        new String[] {"100000 x 100000 pixels are too many; 178956970 are read at most"},
        new String[] {problem(bmp.array())});
  }
}
