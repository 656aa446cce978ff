package org.blip4j.ops.attention;

import static org.blip4j.ops.testing.TensorAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Real positions of a padded batch as rows, and back. */
final class PackedRowsTest extends GraphTest {

  @Test
  void realPositionsComeInOrder() {
    assertArrayEquals(new float[] {0, 1, 3, 4, 5}, numbers(layout().rows()));
  }

  @Test
  void roundedRowsHaveNoPlace() {
    Rows.Packed rounded = layout().rounded(ctx);
    float[] rows = numbers(rounded.rows());
    assertEquals(16, rows.length);
    Operand<TFloat32> x = floats(Shape.of(2, 3, 2), values(Shape.of(2, 3, 2), 1));
    Operand<TFloat32> there = layout().toSequences(ctx, layout().fromQueries(ctx, x));
    assertClose(run(there), run(rounded.toSequences(ctx, rounded.fromQueries(ctx, x))), 0);
    assertEquals(16, numbers(rounded.rounded(ctx).rows()).length);
  }

  private Rows.Packed layout() {
    return Rows.Packed.of(ctx, ctx.tf().constant(new long[][] {{1, 1, 0}, {1, 1, 1}}));
  }

  private float[] numbers(Operand<TInt32> values) {
    return run(ctx.tf().dtypes.cast(values, TFloat32.class));
  }
}
