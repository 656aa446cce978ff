package org.blip4j.training.input;

import java.util.Optional;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * What is fed to a training step.
 *
 * @param pixels normalised {@code [B, S, S, 3]}
 * @param ids {@code [B, T]}, beginning with [CLS]
 * @param mask {@code [B, T]}
 * @param identities {@code [B]}, for retrieval only
 * @param alpha weight of the soft targets; not there in captioning
 * @param learningRate a scalar
 * @param step steps taken before this one, a scalar
 */
public record StepInputs(
    Operand<TFloat32> pixels,
    Operand<TInt64> ids,
    Operand<TInt64> mask,
    Optional<Operand<TInt64>> identities,
    Operand<TFloat32> alpha,
    Operand<TFloat32> learningRate,
    Operand<TInt64> step) {

  /**
   * Sizes of a batch.
   *
   * @param rows B, or -1 if it varies
   * @param imageSize S
   * @param columns T, or -1 if it varies
   * @param identities whether images have identities
   */
  public record BatchShape(int rows, int imageSize, int columns, boolean identities) {}

  public static StepInputs create(GraphContext outer, BatchShape shape) {
    Ops tf = outer.in("input").tf();
    Shape tokens = Shape.of(shape.rows(), shape.columns());
    return new StepInputs(
        tf.withName("pixels")
            .placeholder(
                TFloat32.class,
                Placeholder.shape(Shape.of(shape.rows(), shape.imageSize(), shape.imageSize(), 3))),
        tf.withName("ids").placeholder(TInt64.class, Placeholder.shape(tokens)),
        tf.withName("mask").placeholder(TInt64.class, Placeholder.shape(tokens)),
        shape.identities()
            ? Optional.of(
                tf.withName("identities")
                    .placeholder(TInt64.class, Placeholder.shape(Shape.of(shape.rows()))))
            : Optional.empty(),
        tf.withName("alpha").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar())),
        tf.withName("learning_rate").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar())),
        tf.withName("step").placeholder(TInt64.class, Placeholder.shape(Shape.scalar())));
  }

  public ImageTextBatch batch() {
    return new ImageTextBatch(pixels, new Tokens(ids, mask), alpha, identities);
  }
}
