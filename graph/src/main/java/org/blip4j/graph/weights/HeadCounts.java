package org.blip4j.graph.weights;

import java.util.OptionalInt;

/**
 * Attention heads, which no tensor tells; where not given, one head for each 64 units of width, as
 * in all published models.
 *
 * @param vision heads of the image encoder
 * @param text heads of the text transformer
 */
public record HeadCounts(OptionalInt vision, OptionalInt text) {
  private static final int HEAD_WIDTH = 64;

  /** One head for each 64 units of width. */
  public static HeadCounts published() {
    return new HeadCounts(OptionalInt.empty(), OptionalInt.empty());
  }

  /** Given for both. */
  public static HeadCounts of(int vision, int text) {
    return new HeadCounts(OptionalInt.of(vision), OptionalInt.of(text));
  }

  static int orPublished(OptionalInt given, String part, int width) {
    if (given.isEmpty() && width % HEAD_WIDTH != 0) {
      throw new IllegalArgumentException(
          "the %s heads can't be told from width %d, which is not a multiple of 64; give them in a"
                  .formatted(part, width)
              + " configuration");
    }
    return given.orElse(width / HEAD_WIDTH);
  }
}
