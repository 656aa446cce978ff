package org.blip4j.ops.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Floats;
import org.blip4j.ops.testing.TensorAssert;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

final class NormalizationTest extends ImageTest {
  /** Black and white, from the published means and deviations in double precision. */
  private static final double[] EXPECTED = {
    -1.79226253, -1.75209713, -1.48021977, 1.93033625, 2.07488384, 2.14589690
  };

  @Test
  void mapsBlackAndWhiteForKnownAndUnknownWidth() {
    byte[] pixels = {0, 0, 0, -1, -1, -1};
    Operand<TUint8> known = ctx.tf().reshape(ctx.tf().array(pixels), ctx.tf().array(1, 2, 3));
    TensorAssert.assertClose(
        Floats.toArray(Doubles.asList(EXPECTED)),
        run(ImageDecoding.Normalization.apply(ctx, known)),
        1e-6);
    Operand<TUint8> image = image();
    Operand<TFloat32> normalised = ImageDecoding.Normalization.apply(ctx, image);
    try (TUint8 fed = tensor(1, 2, pixels);
        Result result = session().runner().feed(image.asOutput(), fed).fetch(normalised).run()) {
      float[] values = new float[pixels.length];
      result.get(0).asRawTensor().data().asFloats().read(values);
      TensorAssert.assertClose(Floats.toArray(Doubles.asList(EXPECTED)), values, 1e-6);
    }
  }

  @Test
  void refusesOtherChannels() {
    Operand<TUint8> grey = ctx.tf().reshape(ctx.tf().array(new byte[4]), ctx.tf().array(2, 2, 1));
    assertEquals(
        "pixels have shape [2, 2, 1]; expected [..., width, 3]",
        assertThrows(
                IllegalArgumentException.class, () -> ImageDecoding.Normalization.apply(ctx, grey))
            .getMessage());
  }
}
