package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.decode.TokenStep;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The image-grounded decoder as a model that generation can run.
 *
 * <p>What is attended is projected once for each text, before the loop, and never copied: the
 * hypotheses of a text share it. Only the last position gets logits.
 */
public final class DecoderStep implements TokenStep {
  private final ImageGroundedDecoder decoder;
  private final Attended attended;
  private final KernelSet.Weight table;

  private DecoderStep(ImageGroundedDecoder decoder, Attended attended, KernelSet.Weight table) {
    this.decoder = decoder;
    this.attended = attended;
    this.table = table;
  }

  /**
   * A decoder in front of attended states, one row a text.
   *
   * @param expectedRows about how many rows will be run at once; decides speed alone
   */
  public static DecoderStep create(
      GraphContext ctx, ImageGroundedDecoder decoder, Attended.States states, int expectedRows) {
    return new DecoderStep(
        decoder,
        decoder.stack().project(ctx, states),
        ctx.kernels().forLoop(ctx.in("output_matrix"), decoder.head().table(), expectedRows));
  }

  @Override
  public Output start(GraphContext outer, Operand<TInt64> prompt) {
    GraphContext ctx = outer.with(outer.kernels().forStart());
    return output(ctx, decoder.step(ctx, prompt, ctx.tf().constant(0), Optional.empty(), attended));
  }

  @Override
  public Output next(
      GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> position, List<KeysValues> cache) {
    return output(ctx, decoder.step(ctx, ids, position, Optional.of(cache), attended));
  }

  private Output output(GraphContext ctx, ImageGroundedDecoder.Step step) {
    return new Output(decoder.head().apply(ctx.in("head"), step.state(), table), step.cache());
  }
}
