package org.blip4j.data.text;

import java.util.function.IntBinaryOperator;

/**
 * How wide a batch of token rows is made.
 *
 * <p>{@link #maxLength()} always pads to the maximum, {@link #longest()} to the longest row, {@link
 * #multipleOf} to the next multiple above the longest row (never above the maximum).
 */
public final class Padding {
  private static final Padding MAX_LENGTH = new Padding("max length", (longest, max) -> max);
  private static final Padding LONGEST = new Padding("longest", (longest, max) -> longest);

  private final String name;
  private final IntBinaryOperator width;

  private Padding(String name, IntBinaryOperator width) {
    this.name = name;
    this.width = width;
  }

  /** Pads every row to the maximum number of tokens. */
  public static Padding maxLength() {
    return MAX_LENGTH;
  }

  /** Pads every row to the longest of the batch. */
  public static Padding longest() {
    return LONGEST;
  }

  /** Pads every row to a multiple of {@code step}, so that few different widths occur. */
  public static Padding multipleOf(int step) {
    if (step < 1) {
      throw new IllegalArgumentException("padding step is " + step + ", it must be 1 or more");
    }
    return new Padding(
        "multiple of " + step,
        (longest, max) -> (int) Math.min(max, (longest + step - 1L) / step * step));
  }

  int columns(int longest, int maxTokens) {
    return width.applyAsInt(longest, maxTokens);
  }

  @Override
  public String toString() {
    return name;
  }
}
