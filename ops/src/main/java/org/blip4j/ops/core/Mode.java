package org.blip4j.ops.core;

/** Whether a graph is built to be trained or to be run. */
public enum Mode {
  /** Dropout and stochastic depth are active; layers are written so that they have gradients. */
  TRAIN,
  /**
   * {@link #TRAIN}, holding no more for the backward pass than layers keep, see {@link Section}.
   */
  TRAIN_RECOMPUTING,
  /** No randomness; layers are written so that the platform fuses them. */
  INFER
}
