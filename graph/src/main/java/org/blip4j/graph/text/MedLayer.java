package org.blip4j.graph.text;

/**
 * One layer of the text transformer: self-attention, cross-attention, feed-forward.
 *
 * <p>What a second stack shares is what is passed on: the pre-training decoder has its own
 * self-attention and the encoder's other two (blip-spec 3.8).
 *
 * @param selfAttention attends the text
 * @param crossAttention attends the image, or each of two; skipped by the unimodal encoder
 * @param feedForward the rest
 */
public record MedLayer(
    AttentionBlock selfAttention, AttentionBlock crossAttention, FeedForward feedForward) {

  /** The same cross-attention and feed-forward after another self-attention. */
  MedLayer withSelfAttention(AttentionBlock own) {
    return new MedLayer(own, crossAttention, feedForward);
  }
}
