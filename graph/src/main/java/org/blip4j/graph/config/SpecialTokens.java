package org.blip4j.graph.config;

/**
 * Ids of the tokens that have a meaning of their own (blip-spec 4.1).
 *
 * @param pad [PAD]
 * @param unk [UNK]
 * @param cls [CLS], first token of a unimodal text
 * @param sep [SEP], end of a text
 * @param mask [MASK]
 * @param dec [DEC], first token of a text to be decoded
 * @param enc [ENC], first token of an image-grounded text
 */
public record SpecialTokens(int pad, int unk, int cls, int sep, int mask, int dec, int enc) {
  /** The ids of bert-base-uncased with BLIP's two additions. */
  public static final SpecialTokens BERT = new SpecialTokens(0, 100, 101, 102, 103, 30522, 30523);
}
