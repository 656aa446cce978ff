package org.blip4j.ops.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.base.Splitter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.blip4j.ops.image.AugmentOperation.Overflow;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TUint8;

final class AugmentOperationTest extends ImageTest {
  private final Operand<TUint8> image = image();
  private final Operand<TFloat64> value =
      ctx.tf().placeholder(TFloat64.class, Placeholder.shape(Shape.of()));

  @Test
  void equalsThePublishedCodeByteForByte() {
    Map<AugmentOperation, Operand<TUint8>> results = new EnumMap<>(AugmentOperation.class);
    for (AugmentOperation operation : AugmentOperation.values()) {
      results.put(operation, ctx.tf().identity(operation.apply(ctx, image, value, Overflow.WRAP)));
    }
    byte[] expected = Pictures.read("augment.bin");
    int start = 0;
    for (String line :
        Splitter.on('\n')
            .omitEmptyStrings()
            .split(new String(Pictures.read("augment.tsv"), StandardCharsets.UTF_8))) {
      List<String> fields = Splitter.on('\t').splitToList(line);
      byte[] input = Pictures.read(fields.get(2) + ".decoded");
      Operand<TUint8> result = results.get(AugmentOperation.valueOf(fields.get(0)));
      byte[] actual =
          run(
              result,
              Double.parseDouble(fields.get(1)),
              input,
              Integer.parseInt(fields.get(4)),
              Integer.parseInt(fields.get(3)));
      assertArrayEquals(Arrays.copyOfRange(expected, start, start + input.length), actual, line);
      start += input.length;
    }
    assertEquals(expected.length, start);
  }

  @Test
  void stretchesAndClampsByDefault() {
    byte[] input = new byte[2 * 2 * 3];
    for (int i = 0; i < input.length; i++) {
      input[i] = (byte) (50 + i / 3 * 50);
    }
    byte[] stretched =
        run(
            AugmentOperation.AUTO_CONTRAST.apply(ctx, image, value, Overflow.CLAMP),
            0,
            input,
            2,
            2);
    assertArrayEquals(new byte[] {0, 0, 0, 85, 85, 85, (byte) 170}, Arrays.copyOf(stretched, 7));
    assertEquals(-1, stretched[11]);

    byte[] dot = new byte[3 * 3 * 3];
    Arrays.fill(dot, (byte) 200);
    Arrays.fill(dot, 12, 15, (byte) 250);
    Operand<TUint8> sharper = AugmentOperation.SHARPNESS.apply(ctx, image, value, Overflow.CLAMP);
    assertEquals(-1, run(sharper, 1.72, dot, 3, 3)[13]);
  }

  @Test
  void knowsThePublishedValues() {
    assertEquals(1.0, AugmentOperation.BRIGHTNESS.value(5));
    assertEquals(0.15, AugmentOperation.SHEAR_X.value(5));
    assertEquals(5, AugmentOperation.TRANSLATE_Y.value(5));
    assertEquals(15, AugmentOperation.ROTATE.value(5));
    assertEquals(0, AugmentOperation.EQUALIZE.value(5));
  }

  private byte[] run(Operand<TUint8> result, double number, byte[] fed, int height, int width) {
    try (TUint8 pixels = tensor(height, width, fed);
        TFloat64 scalar = TFloat64.scalarOf(number);
        Result run =
            session()
                .runner()
                .feed(image.asOutput(), pixels)
                .feed(value.asOutput(), scalar)
                .fetch(result)
                .run()) {
      byte[] bytes = new byte[fed.length];
      run.get(0).asRawTensor().data().read(bytes);
      return bytes;
    }
  }
}
