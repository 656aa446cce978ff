package org.blip4j.training.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.blip4j.training.config.ImageInput;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;

/** Pixels on their way to the step. */
final class RecordBatchesTest {
  private static final int SIZE = 16;

  @Test
  void pixelsStayWhereTheDecoderLeftThemUntilTheyAreClosed() throws IOException {
    ImageInput plain = ImageInput.plainly();
    try (PreparedPixels decoder =
        PreparedPixels.open(plain, SIZE, ConfigProto.getDefaultInstance())) {
      List<ByteString> files = List.of(picture(0xffffff), ByteString.copyFromUtf8("none"));
      PreparedPixels.Prepared first = decoder.prepare(files, new long[2], 0);
      PreparedPixels.Prepared second =
          decoder.prepare(List.of(picture(0), picture(0)), new long[2], 0);
      assertEquals("", first.problems().get(0));
      assertTrue(!first.problems().get(1).isEmpty());
      first.copyRow(first, 0, 1);
      TFloat32 pixels = first.pixels();
      assertTrue(pixels.getFloat(0, 3, 3, 1) > 1, "white, whatever is decoded after it");
      for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
          assertEquals(pixels.getFloat(0, y, x, 2), pixels.getFloat(1, y, x, 2));
        }
      }
      assertTrue(second.pixels().getFloat(0, 3, 3, 1) < -1, "black");
      first.close();
      assertTrue(second.pixels().getFloat(1, 9, 9, 0) < -1, "still there");
      second.close();
    }
  }

  private static ByteString picture(int colour) throws IOException {
    BufferedImage image = new BufferedImage(SIZE, SIZE, BufferedImage.TYPE_INT_RGB);
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < SIZE * SIZE; i++) {
      places.add(i);
    }
    places.forEach(i -> image.setRGB(i % SIZE, i / SIZE, colour));
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return ByteString.copyFrom(png.toByteArray());
  }
}
