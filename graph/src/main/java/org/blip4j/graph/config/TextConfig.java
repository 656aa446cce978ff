package org.blip4j.graph.config;

import org.blip4j.data.text.Vocabulary;

/** Sizes of the text transformer. */
public record TextConfig(
    @Meaning("word pieces, [DEC] and [ENC] included") int vocabularySize,
    @Meaning("width of the states") int width,
    @Meaning("number of layers") int layers,
    @Meaning("attention heads") int heads,
    @Meaning("hidden width of the feed-forward blocks") int feedForward,
    @Meaning("rows of the position table") int maxPositions,
    @Meaning("added to the variance") double layerNormEpsilon,
    @Meaning("rate of dropout on states and attention, in training") double dropout,
    @Meaning("ids of the special tokens") SpecialTokens tokens) {

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

  /** Ids of the tokens that have a meaning of their own (blip-spec 4.1). */
  public record SpecialTokens(
      @Meaning("[PAD]") int pad,
      @Meaning("[UNK]") int unk,
      @Meaning("[CLS], first token of a unimodal text") int cls,
      @Meaning("[SEP], end of a text") int sep,
      @Meaning("[MASK]") int mask,
      @Meaning("[DEC], first token of a text to be decoded") int dec,
      @Meaning("[ENC], first token of an image-grounded text") int enc) {
    /** The ids of bert-base-uncased with BLIP's two additions. */
    public static final SpecialTokens BERT = new SpecialTokens(0, 100, 101, 102, 103, 30522, 30523);

    /** The ids that a vocabulary gives them. */
    public static SpecialTokens of(Vocabulary vocabulary) {
      return new SpecialTokens(
          vocabulary.pad(),
          vocabulary.unknown(),
          vocabulary.classify(),
          vocabulary.separator(),
          vocabulary.mask(),
          vocabulary.decode(),
          vocabulary.encode());
    }
  }
}
