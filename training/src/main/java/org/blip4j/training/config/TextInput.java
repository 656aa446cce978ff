package org.blip4j.training.config;

import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.Meaning;

/**
 * How texts of a training batch are cut and padded (blip-spec 4.2).
 *
 * @see RunConfig
 */
public record TextInput(
    @Meaning("tokens kept, the first one, the prompt and [SEP] counted") int maxTokens,
    @Meaning("to which width") Width padding) {

  /** The width of a batch. */
  public enum Width {
    /** {@code maxTokens}. */
    MAXIMUM,
    /** The longest text of the batch. */
    LONGEST
  }

  /** Checks the length. */
  public TextInput {
    if (maxTokens < 3) {
      throw new IllegalArgumentException(
          "text.maxTokens is " + maxTokens + "; it must be at least 3: first token, word, [SEP]");
    }
    if (padding == null) {
      throw new IllegalArgumentException("text.padding is missing; use MAXIMUM or LONGEST");
    }
  }

  public TokenBatch.Padding asPadding() {
    return padding == Width.MAXIMUM ? TokenBatch.Padding.maxLength() : TokenBatch.Padding.longest();
  }

  /** T where it is the same for every batch, -1 otherwise. */
  public int columns() {
    return padding == Width.MAXIMUM ? maxTokens : -1;
  }
}
