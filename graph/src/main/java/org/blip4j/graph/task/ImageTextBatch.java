package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.Optional;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One training batch of pairs.
 *
 * @param pixels normalised {@code [B, S, S, 3]}
 * @param tokens {@code [B, T]}, beginning with [CLS]
 * @param alpha weight of the soft targets, a scalar
 * @param identities number of each pair's image {@code [B]}, 0 or more; needed for retrieval only
 */
public record ImageTextBatch(
    Operand<TFloat32> pixels,
    Tokens tokens,
    Operand<TFloat32> alpha,
    Optional<Operand<TInt64>> identities)
    implements TaskBatch<ImageTextBatch> {

  /** Placeholders, of identities only where a task asks for them. */
  static ImageTextBatch feeds(GraphContext ctx, Sizes sizes, boolean identities) {
    return new ImageTextBatch(
        TaskBatch.pixels(ctx, "pixels", sizes),
        TaskBatch.tokens(ctx, "", sizes.tokens()),
        TaskBatch.input(ctx, ALPHA, TFloat32.class, Shape.scalar()),
        identities
            ? Optional.of(TaskBatch.input(ctx, "identities", TInt64.class, sizes.perRow()))
            : Optional.empty());
  }

  /** Some of the pairs. */
  @Override
  public ImageTextBatch rows(GraphContext ctx, BatchPart part) {
    return new ImageTextBatch(
        TaskBatch.rows(ctx, part, pixels),
        TaskBatch.rows(ctx, part, tokens),
        alpha,
        identities.map(numbers -> TaskBatch.rows(ctx, part, numbers)));
  }

  @Override
  public ImmutableMap<String, Operand<?>> feeds() {
    ImmutableMap.Builder<String, Operand<?>> feeds = ImmutableMap.builder();
    feeds.put("pixels", pixels).put("ids", tokens.ids()).put("mask", tokens.mask());
    feeds.put(ALPHA, alpha);
    identities.ifPresent(operand -> feeds.put("identities", operand));
    return feeds.buildOrThrow();
  }
}
