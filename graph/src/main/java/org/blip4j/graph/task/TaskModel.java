package org.blip4j.graph.task;

import java.util.List;
import org.blip4j.graph.model.Blip;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.op.Op;

/**
 * A BLIP model with the objectives of a task: what a training graph needs to know of it.
 *
 * <p>A step has two phases, {@link #encode} and the losses of what it returns; whatever a step
 * writes is written once, after all losses, however many devices or parts of a batch it has.
 *
 * @param <B> what one training step is given
 */
public sealed interface TaskModel<B extends TaskBatch<B>>
    permits ContrastiveTask, CaptionModel, VqaModel, NlvrModel, DialogueModel {

  /** The weights. */
  Blip blip();

  /** Placeholders of a batch. */
  B feeds(GraphContext ctx, TaskBatch.Sizes sizes);

  /** Adds the first phase of a step, for all rows of a batch or those of a part. */
  Encoded encode(GraphContext ctx, B batch);

  /** Adds losses and state updates for a batch of one device. */
  default TrainingStep step(GraphContext ctx, B batch) {
    return encode(ctx, batch).alone(ctx);
  }

  /**
   * Writes to be run once after weights were initialised or loaded and before the first step: the
   * momentum twin becomes equal to the online encoders.
   */
  default List<Op> start(GraphContext ctx) {
    return List.of();
  }
}
