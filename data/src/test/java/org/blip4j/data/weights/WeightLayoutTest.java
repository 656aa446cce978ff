package org.blip4j.data.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.ndarray.Shape;

final class WeightLayoutTest {

  @Test
  void transposesKernels() {
    float[] published = {1, 2, 3, 4, 5, 6};
    float[] ours = WeightLayout.TRANSPOSED.toOurs(published, Shape.of(2, 3));
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, ours);
    assertEquals(Shape.of(3, 2), WeightLayout.TRANSPOSED.toOurs(Shape.of(2, 3)));
  }

  @Test
  void putsOutputChannelsOfTheConvolutionLast() {
    Shape published = Shape.of(5, 3, 2, 4);
    float[] values = counted(published);
    float[] ours = WeightLayout.CONVOLUTION.toOurs(values, published);
    assertEquals(Shape.of(2, 4, 3, 5), WeightLayout.CONVOLUTION.toOurs(published));
    for (int o = 0; o < 5; o++) {
      for (int i = 0; i < 3; i++) {
        for (int h = 0; h < 2; h++) {
          for (int w = 0; w < 4; w++) {
            assertEquals(
                values[((o * 3 + i) * 2 + h) * 4 + w], ours[((h * 4 + w) * 3 + i) * 5 + o]);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(WeightLayout.class)
  void goesBackExactly(WeightLayout layout) {
    Shape published = layout == WeightLayout.CONVOLUTION ? Shape.of(7, 3, 4, 4) : Shape.of(70, 45);
    float[] values = counted(published);
    Shape ours = layout.toOurs(published);
    assertEquals(published, layout.toPublished(ours));
    assertArrayEquals(values, layout.toPublished(layout.toOurs(values, published), ours));
  }

  @Test
  void refusesAnotherRank() {
    assertThrows(IllegalArgumentException.class, () -> WeightLayout.TRANSPOSED.toOurs(Shape.of(3)));
    assertThrows(
        IllegalArgumentException.class, () -> WeightLayout.SAME.toOurs(new float[2], Shape.of(3)));
  }

  private static float[] counted(Shape shape) {
    float[] values = new float[Math.toIntExact(shape.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return values;
  }
}
