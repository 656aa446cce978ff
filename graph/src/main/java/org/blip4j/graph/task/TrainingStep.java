package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.function.Function;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;

/**
 * What a task model adds to a graph for one training step.
 *
 * @param loss the scalar to be minimised
 * @param diagnostics scalars by name, for logs
 * @param updates adds the writes of the model's own state (momentum, queues); called once, with a
 *     context whose control dependencies have read that state. The optimizer writes after them
 */
public record TrainingStep(
    Operand<TFloat32> loss,
    ImmutableMap<String, Operand<TFloat32>> diagnostics,
    Function<GraphContext, List<Op>> updates) {

  /** A step whose first diagnostic is its {@code loss}. */
  static TrainingStep of(
      Operand<TFloat32> loss,
      ImmutableMap<String, Operand<TFloat32>> more,
      Function<GraphContext, List<Op>> updates) {
    ImmutableMap<String, Operand<TFloat32>> diagnostics =
        ImmutableMap.<String, Operand<TFloat32>>builder().put("loss", loss).putAll(more).build();
    return new TrainingStep(loss, diagnostics, updates);
  }

  /** A step of a model without state of its own; {@code loss} is its first diagnostic. */
  static TrainingStep withoutWrites(
      Operand<TFloat32> loss, ImmutableMap<String, Operand<TFloat32>> more) {
    return of(loss, more, after -> List.of());
  }
}
