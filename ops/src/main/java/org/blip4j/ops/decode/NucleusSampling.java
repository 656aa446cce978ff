package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Draws texts (blip-spec 8.4). What a row draws depends on its own seed and logits only, so the
 * same seed gives the same text whatever shares its batch.
 */
public final class NucleusSampling {
  private static final long SAMPLE_STEP = 0xD1B54A32D192ED03L;

  private final DecodingSettings.Sampling settings;
  private final EndTokens ends;

  /** A sampler. */
  public NucleusSampling(DecodingSettings.Sampling settings, EndTokens ends) {
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
    return ctx.flat(table); // [B*K]
  }

  /**
   * Uniform numbers that depend on a row's own seed and on a position, and on nothing else: neither
   * on the rows beside it nor on what was drawn before.
   *
   * <p>The generator is SplitMix64 (Steele, Lea, Flood 2014), once over the seed and once over the
   * position: the stock stateless operations have one seed for a whole tensor.
   */
  static final class RowUniform {
    private static final long STEP = 0x9E3779B97F4A7C15L;
    private static final int BITS = 24;

    private RowUniform() {}

    /**
     * Draws.
     *
     * @param seeds {@code [R]}
     * @param position a scalar
     * @return {@code [R]} in [0, 1)
     */
    static Operand<TFloat32> at(GraphContext ctx, Operand<TInt64> seeds, Operand<TInt32> position) {
      Ops tf = ctx.tf();
      Operand<TInt64> offset = ctx.mul(tf.dtypes.cast(position, TInt64.class), STEP);
      Operand<TInt64> mixed = mix(ctx, tf.math.add(mix(ctx, seeds), offset));
      Operand<TInt64> high = shift(ctx, mixed, Long.SIZE - BITS);
      return ctx.mul(tf.dtypes.cast(high, TFloat32.class), 1f / (1 << BITS));
    }

    private static Operand<TInt64> mix(GraphContext ctx, Operand<TInt64> x) {
      Operand<TInt64> z = ctx.add(x, STEP);
      z = ctx.mul(fold(ctx, z, 30), 0xBF58476D1CE4E5B9L);
      z = ctx.mul(fold(ctx, z, 27), 0x94D049BB133111EBL);
      return fold(ctx, z, 31);
    }

    private static Operand<TInt64> fold(GraphContext ctx, Operand<TInt64> x, int bits) {
      return ctx.tf().bitwise.bitwiseXor(x, shift(ctx, x, bits));
    }

    /** A shift that brings in zeros; the kernel's own brings in the sign. */
    private static Operand<TInt64> shift(GraphContext ctx, Operand<TInt64> x, int bits) {
      return ctx.bitAnd(ctx.shiftRight(x, bits), -1L >>> bits);
    }
  }
}
