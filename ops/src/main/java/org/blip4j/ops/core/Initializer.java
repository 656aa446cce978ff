package org.blip4j.ops.core;

import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** The value a variable has before training; sealed, so that it can be listed and compared. */
public sealed interface Initializer {

  /** Every element has one value. */
  record Constant(float value) implements Initializer {}

  /** Normal with mean 0. */
  record Normal(float standardDeviation) implements Initializer {}

  /** Uniform in {@code (-bound, bound)}. */
  record Uniform(float bound) implements Initializer {}

  /** Rows drawn from a normal distribution and scaled to length 1, as the published queues. */
  record UnitRows() implements Initializer {}

  /** Zeros. */
  static Initializer zeros() {
    return new Constant(0f);
  }

  /** Ones. */
  static Initializer ones() {
    return new Constant(1f);
  }

  /** PyTorch's default of a linear map or convolution: uniform within 1/sqrt(fan in). */
  static Initializer fanInUniform(long fanIn) {
    return new Uniform((float) (1.0 / Math.sqrt((double) fanIn)));
  }

  /** The value as an operand of the context's graph, drawn from the named stream of the seed. */
  default Operand<TFloat32> build(GraphContext ctx, Shape shape, long stream) {
    Ops tf = ctx.tf();
    Operand<TInt64> dimensions = tf.constant(shape.asArray());
    if (this instanceof Constant constant) {
      return ctx.fill(dimensions, constant.value());
    }
    Operand<TInt64> seeds = tf.constant(new long[] {stream, 0L});
    if (this instanceof Normal normal) {
      return ctx.mul(
          tf.random.statelessRandomNormal(dimensions, seeds, TFloat32.class),
          normal.standardDeviation());
    }
    if (this instanceof Uniform uniform) {
      return ctx.mul(
          ctx.sub(tf.random.statelessRandomUniform(dimensions, seeds, TFloat32.class), 0.5f),
          2 * uniform.bound());
    }
    Operand<TFloat32> rows = tf.random.statelessRandomNormal(dimensions, seeds, TFloat32.class);
    Operand<TFloat32> squares = ctx.sumKept(tf.math.square(rows), shape.numDimensions() - 1);
    return tf.math.mul(rows, tf.math.rsqrt(squares));
  }
}
