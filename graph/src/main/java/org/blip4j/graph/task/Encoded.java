package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * The first phase of a step: rows of a batch, encoded.
 *
 * <p>Where several devices compute a step, or one computes it part by part, each part encodes rows
 * of its own; then features and states are gathered, row by row, and every part computes the losses
 * of its own rows with those of all. The mean of the parts' losses is the loss of the batch.
 *
 * @param features {@code [b, ...]} each, by name: what the losses and the step's writes need of all
 *     rows, without gradient; empty where own rows are enough
 * @param states {@code [b, ...]} each, by name: the same through which gradients flow back. What is
 *     computed from them and read by losses is computed in the second phase
 * @param losses the second phase: adds losses and writes, given the gathered rows; called once
 */
public record Encoded(
    ImmutableMap<String, Operand<?>> features,
    ImmutableMap<String, Operand<TFloat32>> states,
    BiFunction<GraphContext, Gathered, TrainingStep> losses) {

  /**
   * Features and states of the whole batch.
   *
   * @param rows {@code [B, ...]} each, by name
   * @param part which of the rows are those of the losses; empty for all
   */
  public record Gathered(Map<String, ? extends Operand<?>> rows, Optional<BatchPart> part) {

    /** The rows of all parts, {@code [B, ...]}. */
    @SuppressWarnings("unchecked") // gathered under the names and with the types of the first phase
    <T extends TType> Operand<T> all(String name) {
      return (Operand<T>) rows.get(name);
    }

    /** The rows of the losses, {@code [b, ...]}. */
    <T extends TType> Operand<T> own(GraphContext ctx, String name) {
      Operand<T> all = all(name);
      return part.isEmpty() ? all : part.get().slice(ctx, all);
    }
  }

  /** Of rows that need nothing of others. */
  static Encoded apart(BiFunction<GraphContext, Gathered, TrainingStep> losses) {
    return new Encoded(ImmutableMap.of(), ImmutableMap.of(), losses);
  }

  /** Features and states. */
  public ImmutableMap<String, Operand<?>> rows() {
    return ImmutableMap.<String, Operand<?>>builder()
        .putAll(features)
        .putAll(states)
        .buildOrThrow();
  }

  /** Where a step computes all its rows at once. */
  TrainingStep alone(GraphContext ctx) {
    return losses.apply(ctx, new Gathered(rows(), Optional.empty()));
  }
}
