package org.blip4j.graph.config;

/** What a model was trained for; it decides which parts the model has. */
public enum Task {
  /** Encoder and decoder, tied but for self-attention; projections and matching head. */
  PRETRAIN(true, true),
  /** Decoder only. */
  CAPTION(false, true),
  /** Encoder, projections and matching head: retrieval, matching, filtering. */
  RETRIEVAL(true, false);

  private final boolean encoder;
  private final boolean decoder;

  Task(boolean encoder, boolean decoder) {
    this.encoder = encoder;
    this.decoder = decoder;
  }

  /** Whether there is a text encoder with projections and matching head. */
  public boolean matches() {
    return encoder;
  }

  /** Whether there is a text decoder. */
  public boolean captions() {
    return decoder;
  }
}
