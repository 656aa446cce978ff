package org.blip4j.ops.image;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.image.AugmentOperation.Overflow;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/**
 * What happens to an image in training (blip-spec 5.8): random crop, resize, flip, RandAugment.
 *
 * <p>All random choices come from one seed pair for each image, by a counter-based generator: they
 * depend neither on the batch the image is in nor on who else draws.
 *
 * @param settings what is done
 * @param overflow whether two errors of the published code are made too
 */
public record Augmentation(Settings settings, Overflow overflow) {
  private static final int DRAWS_PER_OPERATION = 3;

  /**
   * What is done.
   *
   * @param cropScale the least share of the area that a random crop keeps (pre-training 0.2,
   *     fine-tuning 0.5); 0 for no crop
   * @param flip whether half of the images are mirrored
   * @param operations how many operations of RandAugment are drawn, each then done with probability
   *     1/2
   * @param magnitude how strong they are, 0..10
   */
  public record Settings(double cropScale, boolean flip, int operations, int magnitude) {
    /** Nothing: the image is only resized, as in evaluation. */
    public static final Settings NONE = new Settings(0, false, 0, 0);

    /** The published settings of pre-training. */
    public static final Settings PRETRAIN = new Settings(0.2, true, 2, 5);

    /** The published settings of every fine-tuning. */
    public static final Settings FINETUNE = new Settings(0.5, true, 2, 5);

    /** Checks the ranges. */
    public Settings {
      if (!(cropScale >= 0 && cropScale <= 1)) {
        throw new IllegalArgumentException(
            "crop scale " + cropScale + " must be in (0, 1], or 0 for no crop");
      }
      if (operations < 0) {
        throw new IllegalArgumentException(
            "number of augment operations " + operations + " must be 0 or more");
      }
      if (magnitude < 0 || magnitude > 10) {
        throw new IllegalArgumentException("augment magnitude " + magnitude + " must be 0 to 10");
      }
    }
  }

  /** With the errors of the published code mended. */
  public Augmentation(Settings settings) {
    this(settings, Overflow.CLAMP);
  }

  /**
   * Augments and resizes one image.
   *
   * @param image {@code [height, width, 3]}
   * @param seed {@code [2]}, of this image alone
   * @param size the side of the result
   * @return {@code [size, size, 3]}
   */
  public Operand<TUint8> apply(
      GraphContext ctx, Operand<TUint8> image, Operand<TInt64> seed, int size) {
    Ops tf = ctx.tf();
    Shapes.require(seed, "seed", 2);
    int flipDraw = RandomCrop.DRAWS;
    int draws = flipDraw + 1 + settings.operations() * DRAWS_PER_OPERATION;
    Operand<TFloat64> uniform =
        tf.dtypes.cast(
            tf.random.statelessRandomUniform(tf.constant(new int[] {draws}), seed, TFloat32.class),
            TFloat64.class);
    Operand<TUint8> result = image;
    if (settings.cropScale() > 0) {
      result = new RandomCrop(settings.cropScale()).apply(ctx, result, uniform);
    }
    result = BicubicResize.apply(ctx, result, size);
    if (settings.flip()) {
      result =
          tf.select(
              lessThanHalf(ctx, uniform, flipDraw),
              tf.reverse(result, tf.constant(new int[] {1})),
              result);
    }
    for (int i = 0; i < settings.operations(); i++) {
      result = operate(ctx, result, uniform, flipDraw + 1 + i * DRAWS_PER_OPERATION);
    }
    return ctx.reshape(result, size, size, 3);
  }

  private Operand<TUint8> operate(
      GraphContext ctx, Operand<TUint8> image, Operand<TFloat64> uniform, int draw) {
    Ops tf = ctx.tf();
    Operand<TInt32> drawn =
        tf.dtypes.cast(
            ctx.mul(ctx.at(uniform, draw, 0), (double) AugmentChoice.COUNT), TInt32.class);
    Operand<TInt32> choice =
        ctx.select(lessThanHalf(ctx, uniform, draw + 1), drawn, AugmentChoice.IDENTITY);
    Operand<TFloat64> sign =
        tf.select(lessThanHalf(ctx, uniform, draw + 2), tf.constant(1.0), tf.constant(-1.0));
    return AugmentChoice.apply(
        ctx, new AugmentChoice.Drawn(choice, sign, settings.magnitude()), image, overflow);
  }

  private static Operand<TBool> lessThanHalf(
      GraphContext ctx, Operand<TFloat64> uniform, int draw) {
    return ctx.less(ctx.at(uniform, draw, 0), 0.5);
  }
}
