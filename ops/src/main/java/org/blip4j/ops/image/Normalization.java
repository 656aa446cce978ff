package org.blip4j.ops.image;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TUint8;

/** From bytes to the numbers that the model sees: to [0, 1], minus CLIP's mean, over its spread. */
public final class Normalization {
  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] DEVIATION = {0.26862954, 0.26130258, 0.27577711};

  private Normalization() {}

  /**
   * Normalises pixels.
   *
   * @param pixels {@code [..., width, 3]} red, green, blue
   * @return the same shape
   */
  public static Operand<TFloat32> apply(GraphContext ctx, Operand<TUint8> pixels) {
    Ops tf = ctx.tf();
    Shape shape = pixels.shape();
    int rank = shape.numDimensions();
    if (rank < 2 || shape.get(rank - 1) != 3) {
      throw new IllegalArgumentException(
          "pixels have shape " + shape + "; expected [..., width, 3]");
    }
    long width = shape.get(rank - 2);
    // A whole row of constants is added several times faster than three numbers are.
    int repeats = width > 0 ? Math.toIntExact(width) : 1;
    float[][] scale = new float[repeats][3];
    float[][] shift = new float[repeats][3];
    for (int i = 0; i < repeats; i++) {
      for (int c = 0; c < 3; c++) {
        scale[i][c] = (float) (1 / (255 * DEVIATION[c]));
        shift[i][c] = (float) (MEAN[c] / DEVIATION[c]);
      }
    }
    return ctx.sub(
        ctx.mul(tf.dtypes.cast(pixels, TFloat32.class), tf.constant(scale)), tf.constant(shift));
  }
}
