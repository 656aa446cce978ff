package org.blip4j.ops.decode;

import java.util.List;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * A model whose logits depend on the last two tokens; the one before the last comes from the cache.
 */
final class TableStep implements TokenStep {
  private final Operand<TFloat32> table;
  private final int vocabulary;

  /** A model over a table {@code [V*V, V]}, a row for each pair of tokens. */
  TableStep(Operand<TFloat32> table) {
    this.table = table;
    this.vocabulary = (int) Shapes.known(table, 1);
  }

  @Override
  public Output start(GraphContext ctx, Operand<TInt64> prompt) {
    return output(ctx, ctx.tf().concat(List.of(column(ctx, prompt, 0), prompt), axis(ctx, 1)));
  }

  @Override
  public Output next(
      GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> position, List<KeysValues> cache) {
    Ops tf = ctx.tf();
    Operand<TInt64> seen =
        tf.dtypes.cast(
            tf.reshape(
                cache.get(0).keys(), tf.stack(List.of(Shapes.dim(ctx, ids, 0), axis(ctx, -1)))),
            TInt64.class);
    return output(ctx, tf.concat(List.of(seen, ids), axis(ctx, 1)));
  }

  private Output output(GraphContext ctx, Operand<TInt64> ids) {
    Ops tf = ctx.tf();
    Operand<TInt32> width = Shapes.dim(ctx, ids, 1);
    Operand<TInt32> last = tf.math.sub(width, axis(ctx, 1));
    Operand<TInt64> pair =
        tf.math.add(
            tf.math.mul(
                tf.gather(ids, tf.math.sub(last, axis(ctx, 1)), axis(ctx, 1)),
                tf.constant((long) vocabulary)),
            tf.gather(ids, last, axis(ctx, 1)));
    Operand<TFloat32> numbers = tf.dtypes.cast(ids, TFloat32.class);
    Operand<TFloat32> cache =
        tf.reshape(
            numbers, tf.stack(List.of(Shapes.dim(ctx, ids, 0), axis(ctx, 1), axis(ctx, 1), width)));
    Operand<TFloat32> turned = tf.linalg.transpose(cache, tf.constant(new int[] {0, 1, 3, 2}));
    return new Output(
        tf.gather(ctx.capture(table), pair, axis(ctx, 0)), List.of(new KeysValues(cache, turned)));
  }

  private static Operand<TInt64> column(GraphContext ctx, Operand<TInt64> ids, int column) {
    return ctx.tf().gather(ids, ctx.tf().constant(new int[] {column}), axis(ctx, 1));
  }

  private static Operand<TInt32> axis(GraphContext ctx, int axis) {
    return ctx.tf().constant(axis);
  }

  /** Logits of a vocabulary in which the end token comes up now and then. */
  static float[] logits(int vocabulary, float[] random, int end, float endBonus) {
    float[] result = new float[random.length];
    for (int i = 0; i < random.length; i++) {
      result[i] = 3 * random[i] + (i % vocabulary == end ? endBonus : 0);
    }
    return result;
  }

  static Shape shape(int vocabulary) {
    return Shape.of((long) vocabulary * vocabulary, vocabulary);
  }
}
