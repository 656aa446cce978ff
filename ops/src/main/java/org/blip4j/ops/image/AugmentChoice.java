package org.blip4j.ops.image;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.image.AugmentOperation.Overflow;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TUint8;

/** Runs the one operation that was drawn; the five that move pixels share one way. */
final class AugmentChoice {

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

  private AugmentChoice() {}

  static Operand<TUint8> apply(
      GraphContext ctx, Drawn drawn, Operand<TUint8> image, Overflow overflow) {
    Ops tf = ctx.tf();
    List<Branches.Way> ways = new ArrayList<>();
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
    return Branches.choose(ctx, way, List.of(image, matrix), ways);
  }

  private static Operand<TUint8> warp(GraphContext ctx, Operand<TUint8> image, Operand<?> matrix) {
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
