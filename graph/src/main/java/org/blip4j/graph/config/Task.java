package org.blip4j.graph.config;

/** What a model was trained for; it decides which parts the model has. */
public enum Task {
  /** Encoder and decoder, tied but for self-attention; projections and matching head. */
  PRETRAIN(true, true),
  /** Decoder only. */
  CAPTION(false, true),
  /** Encoder, projections and matching head: retrieval, matching, filtering. */
  RETRIEVAL(true, false),
  /** Encoder for the question, decoder for the answer; nothing shared. */
  VQA(false, false),
  /** Encoder that attends two images, and a classifier of statements about them (NLVR2). */
  NLVR(false, false),
  /** Encoder that attends an image and its caption, and the matching head (VisDial). */
  DIALOGUE(false, false);

  private final boolean matches;
  private final boolean captions;

  Task(boolean matches, boolean captions) {
    this.matches = matches;
    this.captions = captions;
  }

  /** Whether there is a text encoder with projections and matching head. */
  public boolean matches() {
    return matches;
  }

  /** Whether there is a text decoder that attends the image. */
  public boolean captions() {
    return captions;
  }

  /** Whether there are a question encoder and a decoder that attends the question. */
  public boolean answers() {
    return this == VQA;
  }

  /** Whether there are an encoder over two images and a classifier. */
  public boolean judges() {
    return this == NLVR;
  }

  /** Whether there are an encoder and a matching head that can judge answers in a dialogue. */
  public boolean converses() {
    return matches || this == DIALOGUE;
  }
}
