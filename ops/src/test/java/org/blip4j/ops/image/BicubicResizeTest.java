package org.blip4j.ops.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TUint8;

final class BicubicResizeTest extends ImageTest {

  @Test
  void equalsPillowByteForByte() {
    Operand<TUint8> image = image();
    Operand<TUint8> resized = BicubicResize.apply(ctx, image, 32);
    Pictures.all()
        .forEach(
            picture -> {
              try (TUint8 decoded = tensor(picture.height(), picture.width(), picture.decoded())) {
                assertArrayEquals(
                    picture.resized(), bytes(resized, image, decoded), picture.file());
              }
            });
  }

  @Test
  void refusesShapes() {
    assertEquals(
        "image has shape [4, 4, 1]; expected [-1, -1, 3]",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    BicubicResize.apply(
                        ctx,
                        ctx.tf().zeros(ctx.tf().constant(new int[] {4, 4, 1}), TUint8.class),
                        8))
            .getMessage());
    assertEquals(
        "image size is 0; it must be 1 or more",
        assertThrows(IllegalArgumentException.class, () -> BicubicResize.apply(ctx, image(), 0))
            .getMessage());
    assertEquals(Shape.of(9, 9, 3), BicubicResize.apply(ctx, image(), 9).shape());
  }
}
