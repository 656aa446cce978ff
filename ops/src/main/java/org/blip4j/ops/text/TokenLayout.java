package org.blip4j.ops.text;

/**
 * How the pieces of a text are laid out in its row (blip-spec 4.2, 4.5).
 *
 * @param first the token that stands before the pieces
 * @param maxTokens cut there; the first token and [SEP], which is kept, count
 * @param padding how wide the batch is
 */
public record TokenLayout(First first, int maxTokens, Padding padding) {
  /** No cut; only with {@link Padding#LONGEST}. */
  public static final int NO_LIMIT = Integer.MAX_VALUE;

  /** What stands before the pieces. */
  public enum First {
    /** [CLS], for a text alone. */
    CLASSIFY("[CLS]"),
    /** [ENC], for a text that is matched with an image. */
    ENCODE("[ENC]"),
    /** [DEC], for a text that is generated. */
    DECODE("[DEC]");

    private final String token;

    First(String token) {
      this.token = token;
    }

    String token() {
      return token;
    }
  }

  /** How wide the batch is. */
  public enum Padding {
    /** As its longest row. */
    LONGEST,
    /**
     * As its longest row, rounded up to a multiple of 8. Kernels are made and kept for each shape,
     * so where batch follows batch, few shapes keep the memory flat.
     */
    EIGHTS,
    /** The maximum number of tokens. */
    MAX
  }

  /** Checks the maximum. */
  public TokenLayout {
    if (maxTokens < 2) {
      throw new IllegalArgumentException(
          "maximum number of tokens is " + maxTokens + "; it must be 2 or more");
    }
    if (padding == Padding.MAX && maxTokens == NO_LIMIT) {
      throw new IllegalArgumentException("padding to the maximum needs a maximum number of tokens");
    }
  }
}
