package org.blip4j.graph.text;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** What is left out of the work changes nothing of the result. */
final class SentenceStatesTest extends GraphTest {
  private static final int[][] MANY_ROWS = {
    {0}, {0, 0, 0}, {0, 1, 2}, {1, 0, 1, 2, 1, 0}, {0, 0, 0, 0, 0, 1, 2}
  };

  @Test
  void logitsAreThoseOfWholePaddedTexts() {
    BlipConfig config = BlipConfig.tiny();
    Blip blip = Blip.create(vars, config, Task.RETRIEVAL);
    for (int[] rows : MANY_ROWS) {
      Shape shape = Shape.of(3, 5, config.vision().width());
      ImageStates images = new ImageStates(floats(shape, values(shape, 3)));
      Tokens tokens = tokens(rows.length);
      Operand<TInt32> picked = ctx.tf().constant(rows);
      assertClose(
          run(blip.matching().itmLogits(ctx, tokens, images.gather(ctx, picked))),
          run(blip.matching().itmLogits(ctx, tokens, picked, images)),
          1e-5);
    }
  }

  @Test
  void featuresOfTextsAreThoseOfWholePaddedTexts() {
    Blip blip = Blip.create(vars, BlipConfig.tiny(), Task.RETRIEVAL);
    TextEncoder encoder = new TextEncoder(blip.matching().dual().text());
    Operand<TFloat32> whole = encoder.apply(ctx, tokens(5)).firstState(ctx);
    assertClose(run(whole), run(encoder.sentenceStates(ctx, tokens(5))), 1e-5);
  }

  @Test
  void unevenPairsGetImagesOfTheirOwn() {
    ImageGroundedEncoder.PairGrid even = grid(2, 1, 0, 1, 1);
    assertArrayEquals(new long[] {3, 0, 4, 5}, runInts(even.places()));
    assertArrayEquals(new long[] {0, 1}, runInts(even.images()));
    ImageGroundedEncoder.PairGrid uneven = grid(4, 0, 0, 0, 0, 1, 2);
    assertArrayEquals(new long[] {0, 1, 2, 3, 4, 5}, runInts(uneven.places()));
    assertArrayEquals(new long[] {0, 0, 0, 0, 1, 2}, runInts(uneven.images()));
  }

  private ImageGroundedEncoder.PairGrid grid(int images, int... rows) {
    return ImageGroundedEncoder.PairGrid.of(
        ctx, tokens(rows.length), ctx.tf().constant(rows), ctx.tf().constant(images));
  }

  /** Texts of 2 to 6 tokens. */
  private Tokens tokens(int count) {
    long[] ids = new long[count * 6];
    long[] mask = new long[count * 6];
    for (int row = 0; row < count; row++) {
      for (int i = 0; i < 2 + (row * 3) % 5; i++) {
        ids[row * 6 + i] = i == 0 ? 119 : 7 + row + 5 * i;
        mask[row * 6 + i] = 1;
      }
    }
    Shape shape = Shape.of(count, 6);
    return new Tokens(longs(shape, ids), longs(shape, mask));
  }
}
