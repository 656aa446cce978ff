package org.blip4j.savedmodel.serve;

/**
 * Whether a statement holds for two images.
 *
 * @param label {@code True} or {@code False}; empty if an image is unreadable
 * @param probability of the label, so never less than a half; 0 if an image is unreadable
 * @param status empty, or what was wrong with which image
 */
public record Judgement(String label, float probability, String status) {
  /** Whether both images were read. */
  public boolean ok() {
    return status.isEmpty();
  }
}
