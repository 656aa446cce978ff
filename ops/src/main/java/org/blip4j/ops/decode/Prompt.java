package org.blip4j.ops.decode;

import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * What texts begin with, the start token included.
 *
 * <p>Prompts of unequal lengths give what each would give alone: the model reads together what all
 * have, and the rest of a longer prompt is put in the place of what would be chosen.
 *
 * @param ids {@code [B, T]}
 * @param lengths {@code [B]}, ids of each prompt; empty if all have T
 */
public record Prompt(Operand<TInt64> ids, Optional<Operand<TInt32>> lengths) {

  /** Checks the ranks. */
  public Prompt {
    Shapes.require(ids, "prompt", -1, -1);
    lengths.ifPresent(present -> Shapes.require(present, "prompt lengths", -1));
  }

  /** Prompts of one length. */
  public static Prompt of(Operand<TInt64> ids) {
    return new Prompt(ids, Optional.empty());
  }

  /** The same prompt for every text of a batch whose size is a scalar. */
  public static Prompt same(GraphContext ctx, Operand<TInt32> batch, long... ids) {
    Ops tf = ctx.tf();
    Operand<TInt64> row = tf.constant(new long[][] {ids});
    return of(tf.tile(row, Shapes.of(ctx, Shapes.value(batch), Shapes.size(1)))); // [B, T]
  }

  /**
   * Fails if a prompt leaves no room for a text.
   *
   * @throws IllegalArgumentException if the length is known and not below the maximum
   */
  void requireRoom(DecodingSettings.Lengths limits) {
    long length = ids.shape().get(1);
    if (lengths.isEmpty() && length >= limits.maximum()) {
      throw new IllegalArgumentException(
          "the prompt has %d tokens with the start token, but the maximum length is %d; it must be larger"
              .formatted(length, limits.maximum()));
    }
  }

  /** The columns that every prompt has, {@code [B, n]}. */
  Operand<TInt64> common(GraphContext ctx) {
    if (lengths.isEmpty()) {
      return ids;
    }
    return ctx.slice(ids, 1, 0, commonLength(ctx)); // [B, n]
  }

  /** The number of columns that every prompt has, a scalar. */
  Operand<TInt32> commonLength(GraphContext ctx) {
    Operand<TInt32> width = Shapes.dim(ctx, ids, 1);
    return lengths.isEmpty()
        ? width
        : ctx.tf().math.minimum(ctx.min(lengths.get(), 0), width); // of no prompts, too
  }

  /** The least length of any prompt that is known when the graph is built. */
  long leastLength() {
    return lengths.isEmpty() ? Math.max(1, ids.shape().get(1)) : 1;
  }

  /**
   * What a longer prompt puts at a position.
   *
   * @param active {@code [B]}, whether a prompt reaches the position
   * @param tokens {@code [B]}, its id there
   */
  record Forced(Operand<TBool> active, Operand<TInt64> tokens) {}

  /** What longer prompts put at a position; empty if all have the same length. */
  Optional<Forced> at(GraphContext ctx, Operand<TInt32> position) {
    if (lengths.isEmpty()) {
      return Optional.empty();
    }
    Ops tf = ctx.tf();
    Operand<TInt64> table = ctx.capture(ids);
    Operand<TInt32> last = ctx.sub(Shapes.dim(ctx, table, 1), 1);
    return Optional.of(
        new Forced(
            tf.math.less(position, ctx.capture(lengths.get())),
            ctx.gather(table, tf.math.minimum(position, last), 1)));
  }

  /** The same for the rows of several texts for each prompt, adjacent. */
  Prompt repeated(GraphContext ctx, Operand<TInt32> rows) {
    return new Prompt(
        ctx.gather(ids, rows, 0), lengths.map(present -> ctx.gather(present, rows, 0)));
  }
}
