package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;

/**
 * The first phase of a step: a batch, encoded.
 *
 * <p>With several devices each encodes rows of its own; then the features are gathered, row by row
 * and in the order of the devices, and every device computes the losses of its own rows with the
 * features of all.
 *
 * @param features {@code [B, ...]} each, by name: what the losses and the step's writes need of the
 *     rows of all devices; empty where own rows are enough
 * @param losses the second phase: adds losses and writes, given the features of all rows under the
 *     same names; called once
 */
public record Encoded(
    ImmutableMap<String, Operand<?>> features,
    BiFunction<GraphContext, Map<String, Operand<?>>, TrainingStep> losses) {

  /** Where a step computes all its rows on one device. */
  TrainingStep alone(GraphContext ctx) {
    return losses.apply(ctx, features);
  }
}
