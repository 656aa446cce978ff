package org.blip4j.ops.decode;

/** By which length beam search divides the sum of log-probabilities (blip-spec 8.2 and 8.3). */
public enum LengthNormalization {
  /**
   * All ids but the end token, start and prompt included: transformers 4.15, with which BLIP's
   * results were published.
   */
  WHOLE,
  /** Generated ids and the end token, without the prompt: transformers 4.46. */
  GENERATED
}
