package org.blip4j.graph.generate;

import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.DecoderStep;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.decode.BeamSearch;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.blip4j.ops.decode.NucleusSampling;
import org.blip4j.ops.decode.Prompt;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt64;

/**
 * Writes captions (paper section 4.1; blip-spec 7.2 and 8): a text decoder in front of image
 * states, with the search inside the graph.
 *
 * <pre>{@code
 * CaptionGenerator generator = CaptionGenerator.of(blip, 1);
 * ImageStates images = blip.vision().apply(ctx, pixels);                  // [B, P, W]
 * Prompt prompt = Prompt.same(ctx, batch, 30522, 1037, 3861, 1997);       // [DEC] a picture of
 * Decoded captions = generator.search(ctx, images, prompt, DecodingSettings.Beams.captions());
 * }</pre>
 *
 * <p>What a row gives does not depend on the rows beside it.
 */
public final class CaptionGenerator {
  /** Inlined bodies get fused kernels; called ones took 1.9 times as long even for three rows. */
  private static final WhileLoop.Execution EXECUTION = WhileLoop.Execution.INLINED;

  private final ImageGroundedDecoder decoder;
  private final int expectedBatch;

  private CaptionGenerator(ImageGroundedDecoder decoder, int expectedBatch) {
    this.decoder = decoder;
    this.expectedBatch = expectedBatch;
  }

  /**
   * A generator.
   *
   * @param expectedBatch about how many images will be captioned at once; decides how the word
   *     table is read, not what the search gives
   * @throws IllegalStateException if the model has no decoder
   */
  public static CaptionGenerator of(Blip blip, int expectedBatch) {
    return of(blip.decoder(), expectedBatch);
  }

  /** A generator over any decoder, such as that of a model that answers questions. */
  public static CaptionGenerator of(ImageGroundedDecoder decoder, int expectedBatch) {
    return new CaptionGenerator(decoder, expectedBatch);
  }

  /** The captions of beam search, or of greedy search with one beam; one for each image. */
  public Decoded search(
      GraphContext ctx, ImageStates images, Prompt prompt, DecodingSettings.Beams settings) {
    return search(ctx, images.attended(), prompt, settings);
  }

  /** The same in front of other states than images: one text for each row of them. */
  public Decoded search(
      GraphContext ctx, Attended.States states, Prompt prompt, DecodingSettings.Beams settings) {
    if (settings.beams() > 1) {
      return beams(ctx, states, prompt, settings).best();
    }
    return new BeamSearch.Greedy(settings, ends())
        .run(ctx, EXECUTION, step(ctx, states, 1), prompt);
  }

  /** Beam search with all hypotheses that it ends with; two beams or more. */
  public BeamSearch.Result beams(
      GraphContext ctx, ImageStates images, Prompt prompt, DecodingSettings.Beams settings) {
    return beams(ctx, images.attended(), prompt, settings);
  }

  private BeamSearch.Result beams(
      GraphContext ctx, Attended.States states, Prompt prompt, DecodingSettings.Beams settings) {
    return new BeamSearch(settings, ends())
        .run(ctx, EXECUTION, step(ctx, states, settings.beams()), prompt);
  }

  /**
   * Draws captions, {@code samples} for each image.
   *
   * @param seeds {@code [B]}; the same seed gives the same caption whatever shares its batch
   */
  public Decoded sample(
      GraphContext ctx,
      ImageStates images,
      Prompt prompt,
      DecodingSettings.Sampling settings,
      Operand<TInt64> seeds) {
    return new NucleusSampling(settings, ends())
        .run(ctx, EXECUTION, step(ctx, images.attended(), settings.samples()), prompt, seeds);
  }

  private DecoderStep step(GraphContext ctx, Attended.States states, int rowsPerText) {
    return DecoderStep.create(ctx, decoder, states, expectedBatch * rowsPerText);
  }

  private EndTokens ends() {
    TextConfig.SpecialTokens tokens = decoder.stack().config().tokens();
    return new EndTokens(tokens.sep(), tokens.pad());
  }
}
