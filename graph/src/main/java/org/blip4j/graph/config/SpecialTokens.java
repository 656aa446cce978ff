package org.blip4j.graph.config;

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
}
