package org.blip4j.ops.decode;

/**
 * How long a text may and must become; both numbers count the start token and the prompt.
 *
 * @param minimum the end token is forbidden while the text has fewer ids
 * @param maximum the text is cut off at so many ids, the end token included
 */
public record LengthLimits(int minimum, int maximum) {
  /** The published lengths of captions. */
  public static final LengthLimits CAPTION = new LengthLimits(5, 20);

  /** Checks the numbers against each other. */
  public LengthLimits {
    if (maximum < 2) {
      throw new IllegalArgumentException(
          "maximum length "
              + maximum
              + " leaves no room after the start token; use 2 or more (it counts the prompt)");
    }
    if (minimum < 0 || minimum > maximum) {
      throw new IllegalArgumentException(
          "minimum length %d must be between 0 and the maximum length %d"
              .formatted(minimum, maximum));
    }
  }
}
