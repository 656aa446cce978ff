package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Uniform numbers that depend on a row's own seed and on a position, and on nothing else: neither
 * on the rows beside it nor on what was drawn before.
 *
 * <p>The generator is SplitMix64 (Steele, Lea, Flood 2014), once over the seed and once over the
 * position: the stock stateless operations have one seed for a whole tensor.
 */
final class RowUniform {
  private static final long STEP = 0x9E3779B97F4A7C15L;
  private static final int BITS = 24;

  private RowUniform() {}

  /**
   * Draws.
   *
   * @param seeds {@code [R]}
   * @param position a scalar
   * @return {@code [R]} in [0, 1)
   */
  static Operand<TFloat32> at(GraphContext ctx, Operand<TInt64> seeds, Operand<TInt32> position) {
    Ops tf = ctx.tf();
    Operand<TInt64> offset = ctx.mul(tf.dtypes.cast(position, TInt64.class), STEP);
    Operand<TInt64> mixed = mix(ctx, tf.math.add(mix(ctx, seeds), offset));
    Operand<TInt64> high = shift(ctx, mixed, Long.SIZE - BITS);
    return ctx.mul(tf.dtypes.cast(high, TFloat32.class), 1f / (1 << BITS));
  }

  private static Operand<TInt64> mix(GraphContext ctx, Operand<TInt64> x) {
    Operand<TInt64> z = ctx.add(x, STEP);
    z = ctx.mul(fold(ctx, z, 30), 0xBF58476D1CE4E5B9L);
    z = ctx.mul(fold(ctx, z, 27), 0x94D049BB133111EBL);
    return fold(ctx, z, 31);
  }

  private static Operand<TInt64> fold(GraphContext ctx, Operand<TInt64> x, int bits) {
    return ctx.tf().bitwise.bitwiseXor(x, shift(ctx, x, bits));
  }

  /** A shift that brings in zeros; the kernel's own brings in the sign. */
  private static Operand<TInt64> shift(GraphContext ctx, Operand<TInt64> x, int bits) {
    return ctx.bitAnd(ctx.shiftRight(x, bits), -1L >>> bits);
  }
}
