package org.blip4j.graph.config;

/**
 * Sizes of the text transformer.
 *
 * @param vocabularySize word pieces, [DEC] and [ENC] included
 * @param width width of the states
 * @param layers number of layers
 * @param heads attention heads
 * @param feedForward hidden width of the feed-forward blocks
 * @param maxPositions rows of the position table
 * @param layerNormEpsilon added to the variance
 * @param dropout rate of dropout on states and attention, in training
 * @param tokens ids of the special tokens
 */
public record TextConfig(
    int vocabularySize,
    int width,
    int layers,
    int heads,
    int feedForward,
    int maxPositions,
    double layerNormEpsilon,
    double dropout,
    SpecialTokens tokens) {

  /** Checks the sizes against each other. */
  public TextConfig {
    Checks.positive("text.vocabularySize", vocabularySize);
    Checks.positive("text.layers", layers);
    Checks.positive("text.feedForward", feedForward);
    Checks.positive("text.maxPositions", maxPositions);
    Checks.positive("text.layerNormEpsilon", layerNormEpsilon);
    Checks.rate("text.dropout", dropout);
    Checks.heads("text", width, heads);
    int largest = Math.max(Math.max(tokens.dec(), tokens.enc()), tokens.mask());
    if (largest >= vocabularySize) {
      throw new IllegalArgumentException(
          "text.tokens has id " + largest + " but text.vocabularySize is " + vocabularySize);
    }
  }

  /** BERT-base, as in every published model. */
  public static TextConfig base() {
    return new TextConfig(30524, 768, 12, 12, 3072, 512, 1e-12, 0.1, SpecialTokens.BERT);
  }

  /** The same with another rate of dropout. */
  public TextConfig withDropout(double rate) {
    return new TextConfig(
        vocabularySize,
        width,
        layers,
        heads,
        feedForward,
        maxPositions,
        layerNormEpsilon,
        rate,
        tokens);
  }
}
