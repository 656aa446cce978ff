package org.blip4j.training.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.blip4j.training.config.ImageInput;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.proto.ConfigProto;

/** Images of a training batch, whatever their format. */
final class PreparedPixelsTest {
  private static final ImageInput WHOLE = ImageInput.plainly();

  private static ByteString file(String format) throws IOException {
    BufferedImage image = new BufferedImage(20, 12, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 20; x++) {
      for (int y = 0; y < 12; y++) {
        image.setRGB(x, y, x * 0x0c0000 + y * 0x1400 + 99);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out), format);
    return ByteString.copyFrom(out.toByteArray());
  }

  @Test
  void webpAndTiffAreSeenAsOthersAre() throws IOException {
    ByteString cut = file("webp").substring(0, 30);
    ByteString garbled = ByteString.copyFromUtf8("\u0000").concat(file("png").substring(1));
    try (PreparedPixels pixels = PreparedPixels.open(WHOLE, 8, ConfigProto.getDefaultInstance());
        PreparedPixels.Prepared prepared =
            pixels.prepare(
                List.of(file("png"), file("tif"), file("webp"), cut, garbled), new long[5], 0)) {
      List<String> problems = prepared.problems();
      assertEquals(List.of("", "", ""), problems.subList(0, 3));
      assertEquals("WEBP image of 30 bytes is cut short", problems.get(3));
      assertTrue(problems.get(4).startsWith("not an image"), problems.get(4));
      assertEquals(prepared.pixels().get(0), prepared.pixels().get(1));
      for (long channel = 0; channel < 3; channel++) {
        float lossless = prepared.pixels().getFloat(0, 4, 4, channel);
        assertEquals(lossless, prepared.pixels().getFloat(2, 4, 4, channel), 0.6); // lossy
      }
    }
  }

  @Test
  void aGraphThatCannotBeMadeIsClosed() {
    Graph graph = new Graph();
    assertThrows(
        RuntimeException.class,
        () -> PreparedPixels.open(graph, WHOLE, -1, ConfigProto.getDefaultInstance()));
    assertThrows(IllegalStateException.class, () -> graph.operation("bytes"));
  }

  @Test
  void whatOnlyTheDecoderRefusesIsDamageOfTheImage() throws IOException {
    byte[] damaged = file("jpg").toByteArray();
    for (int i = 2; i < damaged.length - 200; i++) {
      if (damaged[i] == (byte) 0xff && damaged[i + 1] == (byte) 0xc4) {
        damaged[i + 5] = (byte) 0xff; // a table of codes that cannot be
      }
    }
    try (PreparedPixels pixels = PreparedPixels.open(WHOLE, 8, ConfigProto.getDefaultInstance());
        PreparedPixels.Prepared prepared =
            pixels.prepare(List.of(file("png"), ByteString.copyFrom(damaged)), new long[2], 0)) {
      assertEquals(List.of("", "damaged JPEG: it cannot be decoded"), prepared.problems());
    }
  }
}
