package org.blip4j.ops.image;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
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
   * @param pixels {@code [..., 3]} red, green, blue
   * @return the same shape
   */
  public static Operand<TFloat32> apply(GraphContext ctx, Operand<TUint8> pixels) {
    Ops tf = ctx.tf();
    Operand<TFloat32> unit = tf.math.div(tf.dtypes.cast(pixels, TFloat32.class), tf.constant(255f));
    return tf.math.div(tf.math.sub(unit, single(tf, MEAN)), single(tf, DEVIATION));
  }

  private static Operand<TFloat32> single(Ops tf, double[] values) {
    return tf.dtypes.cast(tf.constant(values), TFloat32.class);
  }
}
