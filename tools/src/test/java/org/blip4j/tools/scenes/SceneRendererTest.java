package org.blip4j.tools.scenes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An independent decoder reads back every pixel. */
final class SceneRendererTest {
  @ParameterizedTest
  @CsvSource({"1,1", "32,32", "200,150"})
  void decodesToTheSamePixels(int width, int height) throws IOException {
    byte[] rgb = new byte[width * height * 3];
    new Random(5).nextBytes(rgb);
    BufferedImage image =
        ImageIO.read(new ByteArrayInputStream(SceneRenderer.png(width, height, rgb)));
    assertEquals(width, image.getWidth());
    assertEquals(height, image.getHeight());
    for (int i = 0; i < width * height; i++) {
      int expected =
          (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | (rgb[3 * i + 2] & 255);
      assertEquals(expected, image.getRGB(i % width, i / width) & 0xffffff);
    }
  }

  @Test
  void refusesOtherLengths() {
    Exception refused =
        assertThrows(IllegalArgumentException.class, () -> SceneRenderer.png(2, 2, new byte[11]));
    assertTrue(refused.getMessage().contains("11 bytes"), refused.getMessage());
  }
}
