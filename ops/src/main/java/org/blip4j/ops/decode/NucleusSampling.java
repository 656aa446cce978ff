package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.WhileLoop;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Draws texts (blip-spec 8.4). What a row draws depends on its own seed and logits only, so the
 * same seed gives the same text whatever shares its batch.
 */
public final class NucleusSampling {
  private static final long SAMPLE_STEP = 0xD1B54A32D192ED03L;

  private final SamplingSettings settings;
  private final EndTokens ends;

  /** A sampler. */
  public NucleusSampling(SamplingSettings settings, EndTokens ends) {
    this.settings = settings;
    this.ends = ends;
  }

  /**
   * Draws {@code samples} texts for each prompt.
   *
   * @param seeds {@code [B]}; the first sample uses the seed itself, the others seeds made from it
   */
  public Decoded run(
      GraphContext ctx,
      WhileLoop.Execution execution,
      TokenStep step,
      Prompt prompt,
      Operand<TInt64> seeds) {
    Operand<TInt64> own = rowSeeds(ctx.in("seeds"), Shapes.require(seeds, "seeds", -1));
    return new RowSearch(
            settings,
            ends,
            (inner, scores, length) ->
                settings
                    .warping()
                    .apply(inner, scores)
                    .draw(inner, RowUniform.at(inner, inner.capture(own), length)))
        .run(ctx, execution, step, prompt);
  }

  private Operand<TInt64> rowSeeds(GraphContext ctx, Operand<TInt64> seeds) {
    Ops tf = ctx.tf();
    Operand<TInt64> samples = ctx.range(tf.constant((long) settings.samples()));
    Operand<TInt64> offsets = ctx.mul(samples, SAMPLE_STEP); // [K]
    Operand<TInt64> table = tf.math.add(ctx.expandDims(seeds, 1), offsets); // [B, K]
    Operand<TInt32> flat = tf.constant(new int[] {-1});
    return tf.reshape(table, flat);
  }
}
