package org.blip4j.ops.attention;

import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.layer.Dropout;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Scaled dot-product attention in heads: softmax(q k / sqrt(D) + mask) v.
 *
 * @param heads the number of heads H
 * @param width the width of a head D
 */
public record AttentionHeads(int heads, int width) {
  /** By which name what each query attends is traced, {@code [B, H, T, S]}. */
  public static final String PROBABILITIES = "probabilities";

  /**
   * Heads over a model width.
   *
   * @throws IllegalArgumentException if the width is not a multiple of the heads
   */
  public static AttentionHeads over(int modelWidth, int heads) {
    if (heads <= 0 || modelWidth % heads != 0) {
      throw new IllegalArgumentException(
          "width " + modelWidth + " is not a multiple of " + heads + " heads");
    }
    return new AttentionHeads(heads, modelWidth / heads);
  }

  /** {@code [B, T, H*D]} to {@code [B, H, T, D]}. */
  public Operand<TFloat32> split(GraphContext ctx, Operand<TFloat32> x) {
    if (x.shape().get(1) == 1) { // the axes to be exchanged have one position: nothing moves
      return ctx.reshape(x, -1, heads, 1, width);
    }
    return ctx.kernels().transpose(ctx, rows(ctx, x), 0, 2, 1, 3);
  }

  /** {@code [B, T, H*D]} to {@code [B, H, D, T]}, the layout of keys. */
  public Operand<TFloat32> splitTransposed(GraphContext ctx, Operand<TFloat32> x) {
    if (x.shape().get(1) == 1) {
      return ctx.reshape(x, -1, heads, width, 1);
    }
    return ctx.transpose(rows(ctx, x), 0, 2, 3, 1);
  }

  private Operand<TFloat32> rows(GraphContext ctx, Operand<TFloat32> x) {
    return Shapes.reshape(
        ctx,
        x,
        Shapes.sizeOf(ctx, x, 0),
        Shapes.sizeOf(ctx, x, 1),
        Shapes.size(heads),
        Shapes.size(width)); // [B, T, H, D]
  }

  /** {@code [B, H, T, D]} to {@code [B, T, H*D]}. */
  public Operand<TFloat32> merge(GraphContext ctx, Operand<TFloat32> x) {
    if (x.shape().get(2) == 1) {
      return ctx.reshape(x, -1, 1, (long) heads * width);
    }
    Operand<TFloat32> rows = ctx.kernels().transpose(ctx, x, 0, 2, 1, 3); // [B, T, H, D]
    return Shapes.reshape(
        ctx,
        rows,
        Shapes.sizeOf(ctx, x, 0),
        Shapes.sizeOf(ctx, x, 2),
        Shapes.size((long) heads * width));
  }

  /**
   * Attends.
   *
   * @param queries {@code [B, H, T, D]}, not yet scaled
   * @param mask added to the scores; empty if every key is visible
   * @return {@code [B, H, T, D]}
   */
  public Operand<TFloat32> attend(
      GraphContext ctx,
      Operand<TFloat32> queries,
      KeysValues source,
      Optional<AttentionMask> mask,
      Dropout dropout) {
    KernelSet kernels = ctx.kernels();
    Operand<TFloat32> scaled = ctx.mul(queries, 1.0 / Math.sqrt((double) width));
    Operand<TFloat32> scores =
        kernels.batchMatMul(ctx, scaled, ctx.capture(source.keys())); // [B, H, T, S]
    if (mask.isPresent()) {
      scores = mask.get().addTo(ctx, scores);
    }
    Operand<TFloat32> probabilities =
        ctx.trace(PROBABILITIES, dropout.apply(ctx, kernels.softmax(ctx, scores)));
    return kernels.batchMatMul(ctx, probabilities, ctx.capture(source.values())); // [B, H, T, D]
  }
}
