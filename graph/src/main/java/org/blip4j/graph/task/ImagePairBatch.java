package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One training batch of statements about two images.
 *
 * @param first normalised pixels of the first images {@code [B, S, S, 3]}
 * @param second the same of the second images
 * @param tokens the statements {@code [B, T]}
 * @param labels {@code [B]}, 1 = the statement is true, 0 = it is not
 */
public record ImagePairBatch(
    Operand<TFloat32> first, Operand<TFloat32> second, Tokens tokens, Operand<TInt64> labels)
    implements TaskBatch<ImagePairBatch> {

  /** Placeholders. */
  static ImagePairBatch feeds(GraphContext ctx, Sizes sizes) {
    return new ImagePairBatch(
        TaskBatch.pixels(ctx, "first", sizes),
        TaskBatch.pixels(ctx, "second", sizes),
        TaskBatch.tokens(ctx, "", sizes.tokens()),
        TaskBatch.input(ctx, "labels", TInt64.class, sizes.perRow()));
  }

  /** Some of the statements. */
  @Override
  public ImagePairBatch rows(GraphContext ctx, BatchPart part) {
    return new ImagePairBatch(
        TaskBatch.rows(ctx, part, first),
        TaskBatch.rows(ctx, part, second),
        TaskBatch.rows(ctx, part, tokens),
        TaskBatch.rows(ctx, part, labels));
  }

  @Override
  public ImmutableMap<String, Operand<?>> feeds() {
    return ImmutableMap.of(
        "first", first,
        "second", second,
        "ids", tokens.ids(),
        "mask", tokens.mask(),
        "labels", labels);
  }
}
