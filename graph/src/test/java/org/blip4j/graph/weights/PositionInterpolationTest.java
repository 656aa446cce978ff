package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;

final class PositionInterpolationTest {
  private static final Shape SOURCE = Shape.of(1, 17, 48);

  @ParameterizedTest
  @CsvSource({"96, 37", "32, 5"})
  void equalsTheOfficialResize(int pixels, int rows) throws IOException {
    float[] resized = PositionInterpolation.resize(stored(64), SOURCE, Shape.of(1, rows, 48));
    assertArrayEquals(stored(pixels), resized, 1e-6f);
  }

  @Test
  void leavesTheSameSizeAsItIs() throws IOException {
    assertArrayEquals(stored(64), PositionInterpolation.resize(stored(64), SOURCE, SOURCE));
  }

  @Test
  void keepsAConstantTableConstant() {
    float[] ones = new float[26 * 3];
    Arrays.fill(ones, 1);
    float[] resized = PositionInterpolation.resize(ones, Shape.of(1, 26, 3), Shape.of(1, 122, 3));
    assertEquals(122 * 3, resized.length);
    for (float value : resized) {
      assertEquals(1, value, 1e-6f);
    }
  }

  @Test
  void refusesWhatIsNoSquareGridOrAnotherWidth() {
    assertTrue(PositionInterpolation.fits(SOURCE, Shape.of(1, 37, 48)));
    assertFalse(PositionInterpolation.fits(SOURCE, Shape.of(1, 36, 48)));
    assertFalse(PositionInterpolation.fits(SOURCE, Shape.of(1, 37, 32)));
    assertFalse(PositionInterpolation.fits(Shape.of(17, 48), Shape.of(37, 48)));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> PositionInterpolation.resize(new float[1], SOURCE, SOURCE))
            .getMessage();
    assertTrue(message.contains("[1, 17, 48]"), message);
  }

  private static float[] stored(int pixels) throws IOException {
    try (InputStream in =
        PositionInterpolationTest.class.getResourceAsStream("positions-" + pixels + ".f32")) {
      ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      float[] values = new float[bytes.remaining() / Float.BYTES];
      bytes.asFloatBuffer().get(values);
      return values;
    }
  }
}
