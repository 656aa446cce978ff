package org.blip4j.ops.text;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * How the pieces of a text are laid out in its row (blip-spec 4.2, 4.5).
 *
 * @param first the token that stands before the pieces
 * @param maxTokens cut there; the first token and [SEP], which is kept, count
 * @param padding how wide the batch is
 */
public record TokenLayout(First first, int maxTokens, Padding padding) {
  /** No cut; only with {@link Padding#LONGEST}. */
  public static final int NO_LIMIT = Integer.MAX_VALUE;

  /** What stands before the pieces. */
  public enum First {
    /** [CLS], for a text alone. */
    CLASSIFY("[CLS]"),
    /** [ENC], for a text that is matched with an image. */
    ENCODE("[ENC]"),
    /** [DEC], for a text that is generated. */
    DECODE("[DEC]");

    private final String token;

    First(String token) {
      this.token = token;
    }

    String token() {
      return token;
    }
  }

  /** How wide the batch is. */
  public enum Padding {
    /** As its longest row. */
    LONGEST,
    /**
     * As its longest row, rounded up to a multiple of 8. Kernels are made and kept for each shape,
     * so where batch follows batch, few shapes keep the memory flat.
     */
    EIGHTS,
    /** The maximum number of tokens. */
    MAX
  }

  /** Checks the maximum. */
  public TokenLayout {
    if (maxTokens < 2) {
      throw new IllegalArgumentException(
          "maximum number of tokens is " + maxTokens + "; it must be 2 or more");
    }
    if (padding == Padding.MAX && maxTokens == NO_LIMIT) {
      throw new IllegalArgumentException("padding to the maximum needs a maximum number of tokens");
    }
  }

  /** Puts tokens into padded rows: first token, pieces, [SEP]. */
  record RowLayout(TokenLayout layout, long first, long separator, long pad) {

    WordPieceOps.TokenIds apply(
        GraphContext ctx, Segmentation.Tokens tokens, Operand<TInt32> rows) {
      Ops tf = ctx.tf();
      Operand<TInt32> ones = ctx.add(tf.zerosLike(tokens.rows()), 1);
      Operand<TInt32> counts = tf.math.unsortedSegmentSum(ones, tokens.rows(), rows); // [B]
      Operand<TInt32> kept = ctx.minimum(counts, layout.maxTokens() - 2);
      Operand<TInt32> starts = ctx.cumsumBefore(counts, 0);
      Operand<TInt32> place =
          tf.math.sub(
              ctx.range(tf.size(tokens.rows())),
              ctx.gather(starts, tokens.rows(), 0)); // [N] within its row
      Operand<TInt32> width = width(ctx, kept);
      Operand<TInt32> shape = tf.stack(List.of(rows, width));
      Operand<TInt32> indices =
          tf.stack(List.of(tokens.rows(), ctx.add(place, 1)), Stack.axis(1L)); // [N, 2]
      Operand<TInt32> fits =
          tf.dtypes.cast(tf.where(ctx.less(place, layout.maxTokens() - 2)), TInt32.class);
      Operand<TInt64> pieces =
          tf.scatterNd(
              tf.gatherNd(indices, fits), tf.gatherNd(tokens.ids(), fits), shape); // [B, T]
      Operand<TInt32> column = ctx.range(width); // [T]
      Operand<TInt32> last = ctx.expandDims(ctx.add(kept, 1), 1); // [B, 1]
      Operand<TBool> used = tf.math.lessEqual(column, last); // [B, T]
      Operand<TInt64> ended = ctx.select(tf.math.equal(column, last), separator, pieces);
      Operand<TInt64> begun = ctx.select(ctx.equal(column, 0), first, ended);
      return new WordPieceOps.TokenIds(
          ctx.select(used, begun, pad), // [B, T]
          tf.dtypes.cast(used, TInt64.class), // [B, T]
          ctx.add(counts, 2)); // [B]
    }

    private Operand<TInt32> width(GraphContext ctx, Operand<TInt32> kept) {
      Ops tf = ctx.tf();
      return switch (layout.padding()) {
        case MAX -> tf.constant(layout.maxTokens());
        case LONGEST -> longest(ctx, kept);
        case EIGHTS ->
            ctx.minimum(
                ctx.mul(ctx.floorDiv(ctx.add(longest(ctx, kept), 7), 8), 8), layout.maxTokens());
      };
    }

    private static Operand<TInt32> longest(GraphContext ctx, Operand<TInt32> kept) {
      return ctx.maximum(ctx.add(ctx.max(kept, 0), 2), 2);
    }
  }
}
