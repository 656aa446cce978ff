package org.blip4j.savedmodel.serve;

import com.google.common.primitives.ImmutableLongArray;

/**
 * A caption of one image.
 *
 * @param text without the prompt; empty if the image is unreadable
 * @param logProb the sum of the log-probabilities of the generated tokens
 * @param ids start token, prompt, text and the end token if it fitted in
 * @param status empty, or what was wrong with the image
 */
public record Caption(String text, float logProb, ImmutableLongArray ids, String status) {
  /** Whether there is a caption. */
  public boolean ok() {
    return status.isEmpty();
  }
}
