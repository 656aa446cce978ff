package org.blip4j.ops.image;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
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
        tf.dtypes.cast(ctx.mul(ctx.at(uniform, draw, 0), (double) Choice.COUNT), TInt32.class);
    Operand<TInt32> choice =
        ctx.select(lessThanHalf(ctx, uniform, draw + 1), drawn, Choice.IDENTITY);
    Operand<TFloat64> sign =
        tf.select(lessThanHalf(ctx, uniform, draw + 2), tf.constant(1.0), tf.constant(-1.0));
    return Choice.apply(ctx, new Choice.Drawn(choice, sign, settings.magnitude()), image, overflow);
  }

  private static Operand<TBool> lessThanHalf(
      GraphContext ctx, Operand<TFloat64> uniform, int draw) {
    return ctx.less(ctx.at(uniform, draw, 0), 0.5);
  }

  /** Runs the one operation that was drawn; the five that move pixels share one way. */
  static final class Choice {

    /**
     * What was drawn.
     *
     * @param operation a scalar, a number below {@link #COUNT}
     * @param sign a scalar, 1 or -1, for operations that move pixels
     * @param magnitude 0..10
     */
    record Drawn(Operand<TInt32> operation, Operand<TFloat64> sign, int magnitude) {}

    private static final List<AugmentOperation> IN_PLACE =
        List.of(
            AugmentOperation.IDENTITY,
            AugmentOperation.AUTO_CONTRAST,
            AugmentOperation.BRIGHTNESS,
            AugmentOperation.SHARPNESS,
            AugmentOperation.EQUALIZE);
    private static final List<AugmentOperation> MOVING =
        List.of(
            AugmentOperation.SHEAR_X,
            AugmentOperation.SHEAR_Y,
            AugmentOperation.TRANSLATE_X,
            AugmentOperation.TRANSLATE_Y,
            AugmentOperation.ROTATE);

    /** The number of the operation that does nothing. */
    static final int IDENTITY = 0;

    /** How many operations there are to draw from. */
    static final int COUNT = IN_PLACE.size() + MOVING.size();

    private Choice() {}

    static Operand<TUint8> apply(
        GraphContext ctx, Drawn drawn, Operand<TUint8> image, Overflow overflow) {
      Ops tf = ctx.tf();
      List<GraphFunction.Branches.Way> ways = new ArrayList<>();
      for (AugmentOperation operation : IN_PLACE) {
        double value = operation.value(drawn.magnitude());
        ways.add(
            (inner, in) ->
                operation.apply(inner, image(in.get(0)), inner.tf().constant(value), overflow));
      }
      List<Operand<TFloat64>> matrices = new ArrayList<>();
      for (AugmentOperation operation : MOVING) {
        double value = operation.value(drawn.magnitude());
        Operand<TFloat64> signed = ctx.mul(drawn.sign(), value);
        matrices.add(tf.stack(operation.matrix(ctx, image, signed)));
      }
      int firstMove = ways.size();
      ways.add((inner, in) -> warp(inner, image(in.get(0)), in.get(1)));
      Operand<TInt32> move = ctx.maximum(ctx.sub(drawn.operation(), firstMove), 0);
      Operand<TFloat64> matrix = ctx.gather(tf.stack(matrices), move, 0); // [6]
      Operand<TInt32> way = ctx.minimum(drawn.operation(), firstMove);
      return GraphFunction.Branches.choose(ctx, way, List.of(image, matrix), ways);
    }

    private static Operand<TUint8> warp(
        GraphContext ctx, Operand<TUint8> image, Operand<?> matrix) {
      List<Operand<TFloat64>> entries = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        entries.add(ctx.at(doubles(matrix), i, 0));
      }
      return AffineWarp.apply(ctx, image, entries);
    }

    @SuppressWarnings("unchecked") // declared like the image
    private static Operand<TUint8> image(Operand<?> operand) {
      return (Operand<TUint8>) operand;
    }

    @SuppressWarnings("unchecked") // declared like the matrix
    private static Operand<TFloat64> doubles(Operand<?> operand) {
      return (Operand<TFloat64>) operand;
    }
  }
}
