package org.blip4j.training.optimize;

/** Which trained tensors decay. */
public enum DecayScope {
  /** Every one, as published: biases, norms, embeddings and the temperature too. */
  ALL,
  /** Only tensors of rank 2 and more: no biases, no norms, not the temperature. */
  MATRICES;

  /** Whether a tensor of a rank decays. */
  boolean includes(int rank) {
    return this == ALL || rank >= 2;
  }
}
