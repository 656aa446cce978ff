package org.blip4j.ops.text;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.math.Cumsum;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/** Puts tokens into padded rows: first token, pieces, [SEP]. */
record RowLayout(TokenLayout layout, long first, long separator, long pad) {

  TokenIds apply(GraphContext ctx, Segmentation.Tokens tokens, Operand<TInt32> rows) {
    Ops tf = ctx.tf();
    Operand<TInt32> ones = tf.math.add(tf.zerosLike(tokens.rows()), tf.constant(1));
    Operand<TInt32> counts = tf.math.unsortedSegmentSum(ones, tokens.rows(), rows); // [B]
    Operand<TInt32> kept = tf.math.minimum(counts, tf.constant(layout.maxTokens() - 2));
    Operand<TInt32> starts = tf.math.cumsum(counts, tf.constant(0), Cumsum.exclusive(true));
    Operand<TInt32> place =
        tf.math.sub(
            tf.range(tf.constant(0), tf.size(tokens.rows()), tf.constant(1)),
            tf.gather(starts, tokens.rows(), tf.constant(0))); // [N] within its row
    Operand<TInt32> width = width(tf, kept);
    Operand<TInt32> shape = tf.stack(List.of(rows, width));
    Operand<TInt32> indices =
        tf.stack(
            List.of(tokens.rows(), tf.math.add(place, tf.constant(1))), Stack.axis(1L)); // [N, 2]
    Operand<TInt32> fits =
        tf.dtypes.cast(
            tf.where(tf.math.less(place, tf.constant(layout.maxTokens() - 2))), TInt32.class);
    Operand<TInt64> pieces =
        tf.scatterNd(tf.gatherNd(indices, fits), tf.gatherNd(tokens.ids(), fits), shape); // [B, T]
    Operand<TInt32> column = tf.range(tf.constant(0), width, tf.constant(1)); // [T]
    Operand<TInt32> last =
        tf.expandDims(tf.math.add(kept, tf.constant(1)), tf.constant(1)); // [B, 1]
    Operand<TBool> used = tf.math.lessEqual(column, last); // [B, T]
    Operand<TInt64> ended = tf.select(tf.math.equal(column, last), tf.constant(separator), pieces);
    Operand<TInt64> begun =
        tf.select(tf.math.equal(column, tf.constant(0)), tf.constant(first), ended);
    return new TokenIds(
        tf.select(used, begun, tf.constant(pad)), tf.dtypes.cast(used, TInt64.class));
  }

  private Operand<TInt32> width(Ops tf, Operand<TInt32> kept) {
    return switch (layout.padding()) {
      case MAX -> tf.constant(layout.maxTokens());
      case LONGEST -> longest(tf, kept);
      case EIGHTS ->
          tf.math.minimum(
              tf.math.mul(
                  tf.math.floorDiv(tf.math.add(longest(tf, kept), tf.constant(7)), tf.constant(8)),
                  tf.constant(8)),
              tf.constant(layout.maxTokens()));
    };
  }

  private static Operand<TInt32> longest(Ops tf, Operand<TInt32> kept) {
    return tf.math.maximum(
        tf.math.add(tf.max(kept, tf.constant(0)), tf.constant(2)), tf.constant(2));
  }
}
