package org.blip4j.ops.attention;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

final class AttentionTest extends GraphTest {

  @Test
  void causalMaskHidesLaterAndPaddedKeysOnce() {
    AttentionMask mask = AttentionMask.causal(ctx, longs(Shape.of(1, 3), 1, 1, 0));
    float h = AttentionMask.SELF_HIDDEN;
    assertClose(new float[] {0, h, h, 0, 0, h, 0, 0, h}, run(mask.scores()), 0);
  }

  @Test
  void aHiddenKeyDoesNotMatter() {
    MultiHeadAttention attention = MultiHeadAttention.create(vars.child("a"), 8, 4, 2, 0);
    Operand<TFloat32> x = floats(Shape.of(1, 2, 8), values(Shape.of(16), 1));
    float[] source = values(Shape.of(12), 2);
    AttentionMask mask =
        AttentionMask.padding(ctx, longs(Shape.of(1, 3), 1, 1, 0), AttentionMask.CROSS_HIDDEN);
    float[] first =
        run(
            attention.apply(
                ctx,
                x,
                Rows.sequences(),
                attention.project(ctx, floats(Shape.of(1, 3, 4), source)),
                Optional.of(mask)));
    source[8] = 100f;
    float[] second =
        run(
            attention.apply(
                ctx,
                x,
                Rows.sequences(),
                attention.project(ctx, floats(Shape.of(1, 3, 4), source)),
                Optional.of(mask)));
    assertClose(first, second, 1e-6);
  }

  @Test
  void sharedKeysGiveWhatRepeatedKeysGive() {
    MultiHeadAttention attention = MultiHeadAttention.create(vars.child("a"), 8, 4, 2, 0);
    float[] rows = values(Shape.of(48), 3);
    float[] images = values(Shape.of(40), 4);
    float[] repeated = new float[120];
    for (int row = 0; row < 6; row++) {
      System.arraycopy(images, row / 3 * 20, repeated, row * 20, 20);
    }
    Operand<TFloat32> x = floats(Shape.of(6, 1, 8), rows);
    float[] expected =
        run(
            attention.apply(
                ctx,
                x,
                Rows.sequences(),
                attention.project(ctx, floats(Shape.of(6, 5, 4), repeated)),
                Optional.empty()));
    float[] shared =
        run(
            attention.apply(
                ctx,
                ctx.reshape(x, 6, 8),
                Rows.newest().acrossTexts(),
                attention.project(ctx, floats(Shape.of(2, 5, 4), images)),
                Optional.empty()));
    assertClose(expected, shared, 1e-6);
  }

  @Test
  void refusesAWidthThatHeadsDoNotDivide() {
    var error = assertThrows(IllegalArgumentException.class, () -> AttentionHeads.over(10, 4));
    assertEquals("width 10 is not a multiple of 4 heads", error.getMessage());
  }
}
