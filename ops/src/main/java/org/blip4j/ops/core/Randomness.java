package org.blip4j.ops.core;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt64;

/**
 * Seeds for stateless random operations. A stream is the seed of the run, the step, the layer that
 * draws, what the layer is applied for, and a key of the rows that are computed: nothing else, so
 * the same application computed again draws the same numbers, a resumed run repeats what an
 * unbroken one would do, and the names of scopes in the graph do not matter.
 *
 * <p>Layers are told apart by the variables they stand beside. A layer that is applied twice in a
 * step draws the same numbers twice unless the applications are named ({@link
 * GraphContext#application}); the modes of a model name theirs.
 *
 * @param seed the seed of the run
 * @param step the number of the training step, a scalar
 * @param application what layers are applied for; empty at the root
 * @param rows key of the rows that are computed: 0, or which part of a batch that is divided
 */
public record Randomness(long seed, Operand<TInt64> step, String application, long rows) {

  /** The streams of a whole batch. */
  public Randomness(long seed, Operand<TInt64> step) {
    this(seed, step, "", 0);
  }

  /** The streams of another application of the same layers. */
  public Randomness forApplication(String name) {
    return new Randomness(seed, step, application + "/" + name, rows);
  }

  /** The streams of another part of the batch. */
  public Randomness forRows(long key) {
    return new Randomness(seed, step, application, key);
  }

  /**
   * The seed pair {@code [2]} of one random operation.
   *
   * @param layer the name of what draws, unique among all that draw in one application
   */
  public Operand<TInt64> seedFor(GraphContext ctx, String layer) {
    long stream = stream(seed, layer + "|" + application + "|" + rows);
    return ctx.tf().stack(List.of(ctx.tf().constant(stream), ctx.capture(step)));
  }

  /** A number that stands for a named stream of a seed. */
  public static long stream(long seed, String name) {
    return Hashing.murmur3_128((int) (seed ^ (seed >>> 32)))
        .hashString(name, StandardCharsets.UTF_8)
        .asLong();
  }
}
