package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TUint8;

/**
 * The ten operations of BLIP's RandAugment, on the bytes of one image (blip-spec 5.8).
 *
 * <p>Byte for byte what the published code makes with OpenCV, but for two errors of it, which are
 * made only on request ({@link Overflow#WRAP}).
 */
public enum AugmentOperation {
  /** Leaves the image as it is. */
  IDENTITY,
  /** Stretches each channel to 0..255. */
  AUTO_CONTRAST,
  /** Multiplies with a factor. */
  BRIGHTNESS,
  /** Goes away from a blurred copy by a factor. */
  SHARPNESS,
  /** Spreads the values of each channel evenly. */
  EQUALIZE,
  /** x becomes x + value y. */
  SHEAR_X,
  /** y becomes y + value x. */
  SHEAR_Y,
  /** x becomes x - value. */
  TRANSLATE_X,
  /** y becomes y - value. */
  TRANSLATE_Y,
  /** Turns counter-clockwise by degrees about (width / 2, height / 2). */
  ROTATE;

  /** What happens to numbers that do not fit a byte. */
  public enum Overflow {
    /** They are clamped, as was intended. */
    CLAMP,
    /**
     * They wrap, as in the published code: AutoContrast whitens channels without a 0, and Sharpness
     * with a factor above 1 turns some white pixels black.
     */
    WRAP
  }

  private static final double MAXIMUM = 10;

  /** The value of the operation at a magnitude of 0..10; 0 for those that take none. */
  public double value(int magnitude) {
    double level = magnitude / MAXIMUM;
    return switch (this) {
      case IDENTITY, AUTO_CONTRAST, EQUALIZE -> 0;
      case BRIGHTNESS, SHARPNESS -> level * 1.8 + 0.1;
      case SHEAR_X, SHEAR_Y -> level * 0.3;
      case TRANSLATE_X, TRANSLATE_Y -> level * 10;
      case ROTATE -> level * 30;
    };
  }

  /**
   * Applies the operation.
   *
   * @param image {@code [height, width, 3]}, both 2 or more
   * @param value a scalar, see {@link #value(int)}
   */
  public Operand<TUint8> apply(
      GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> value, Overflow overflow) {
    boolean wraps = overflow == Overflow.WRAP;
    return switch (this) {
      case IDENTITY -> image;
      case AUTO_CONTRAST -> ColourOperations.autoContrast(ctx, image, wraps);
      case BRIGHTNESS -> ColourOperations.brightness(ctx, image, value);
      case SHARPNESS -> ColourOperations.sharpness(ctx, image, value, wraps);
      case EQUALIZE -> ColourOperations.equalize(ctx, image);
      case SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE ->
          AffineWarp.apply(ctx, image, matrix(ctx, image, value));
    };
  }

  /** Where a pixel goes: six scalars, row by row. */
  List<Operand<TFloat64>> matrix(GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> value) {
    Ops tf = ctx.tf();
    Operand<TFloat64> zero = tf.constant(0.0);
    Operand<TFloat64> one = tf.constant(1.0);
    Operand<TFloat64> single =
        tf.dtypes.cast(tf.dtypes.cast(value, TFloat32.class), TFloat64.class);
    return switch (this) {
      case SHEAR_X -> List.of(one, single, zero, zero, one, zero);
      case SHEAR_Y -> List.of(one, zero, zero, single, one, zero);
      case TRANSLATE_X -> List.of(one, zero, tf.math.neg(single), zero, one, zero);
      case TRANSLATE_Y -> List.of(one, zero, zero, zero, one, tf.math.neg(single));
      case ROTATE -> rotation(ctx, image, value);
      default -> throw new IllegalStateException(this + " moves no pixel");
    };
  }

  private static List<Operand<TFloat64>> rotation(
      GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> degrees) {
    Ops tf = ctx.tf();
    Operand<TFloat64> angle = ctx.mul(degrees, Math.PI / 180);
    Operand<TFloat64> cos = tf.math.cos(angle);
    Operand<TFloat64> sin = tf.math.sin(angle);
    Operand<TFloat64> x = half(ctx, image, 1);
    Operand<TFloat64> y = half(ctx, image, 0);
    Operand<TFloat64> rest = ctx.sub(1.0, cos);
    return List.of(
        cos,
        sin,
        ctx.sub(ctx.mul(rest, x), ctx.mul(sin, y)),
        tf.math.neg(sin),
        cos,
        ctx.add(ctx.mul(sin, x), ctx.mul(rest, y)));
  }

  private static Operand<TFloat64> half(GraphContext ctx, Operand<TUint8> image, int axis) {
    Operand<TFloat64> size = ctx.tf().dtypes.cast(Shapes.dim(ctx, image, axis), TFloat64.class);
    return ctx.mul(size, 0.5);
  }
}
