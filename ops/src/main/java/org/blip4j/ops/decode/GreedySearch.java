package org.blip4j.ops.decode;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.decode.DecodingSettings.EndTokens;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Search with one beam: the highest processed logit each time. Unlike beam search, the repetition
 * penalty acts on raw logits, and a text ends with its first end token.
 */
public final class GreedySearch {
  private final BeamSettings settings;
  private final EndTokens ends;

  /**
   * A search.
   *
   * @throws IllegalArgumentException if the settings have several beams
   */
  public GreedySearch(BeamSettings settings, EndTokens ends) {
    if (settings.beams() != 1) {
      throw new IllegalArgumentException(
          "greedy search has one beam, not " + settings.beams() + "; use BeamSearch");
    }
    this.settings = settings;
    this.ends = ends;
  }

  /** Generates one text for each prompt; scores are divided by the length as with beams. */
  public Decoded run(
      GraphContext ctx, WhileLoop.Execution execution, TokenStep step, Prompt prompt) {
    Decoded found =
        new RowSearch(settings, ends, (inner, scores, length) -> inner.argMax(scores, 1))
            .run(ctx, execution, step, prompt);
    Operand<TFloat32> scores = settings.normalization().score(ctx, found, prompt, ends);
    return new Decoded(found.ids(), found.lengths(), scores, found.logProbs());
  }
}
