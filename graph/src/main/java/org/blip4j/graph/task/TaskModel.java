package org.blip4j.graph.task;

import java.util.List;
import org.blip4j.graph.model.Blip;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.op.Op;

/**
 * A BLIP model with the objectives of a task: what a training graph needs to know of it.
 *
 * @param <B> what one training step is given
 */
public sealed interface TaskModel<B>
    permits PretrainModel, RetrievalModel, CaptionModel, VqaModel, NlvrModel {

  /** The weights. */
  Blip blip();

  /** Adds losses and state updates for a batch. */
  TrainingStep step(GraphContext ctx, B batch);

  /**
   * Writes to be run once after weights were initialised or loaded and before the first step: the
   * momentum twin becomes equal to the online encoders.
   */
  List<Op> start(GraphContext ctx);
}
