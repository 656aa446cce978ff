package org.blip4j.ops.core;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt64;

/**
 * Seeds for stateless random operations: the same run seed and step always give the same numbers.
 *
 * <p>Each use draws a stream of its own, told apart by the name of its place in the graph, so that
 * two applications of one layer differ and a resumed run repeats what an unbroken one would do.
 *
 * @param seed the seed of the run
 * @param step the number of the training step, a scalar
 */
public record Randomness(long seed, Operand<TInt64> step) {

  /** The seed pair {@code [2]} of one random operation. */
  public Operand<TInt64> seedFor(GraphContext ctx, String purpose) {
    String place = ctx.tf().scope().makeOpName(purpose + "/stream");
    Operand<TInt64> stream = ctx.tf().constant(stream(seed, place));
    return ctx.tf().stack(List.of(stream, ctx.capture(step)));
  }

  /** A number that stands for a named stream of a seed. */
  public static long stream(long seed, String name) {
    return Hashing.murmur3_128((int) (seed ^ (seed >>> 32)))
        .hashString(name, StandardCharsets.UTF_8)
        .asLong();
  }
}
