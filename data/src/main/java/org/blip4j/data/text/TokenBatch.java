package org.blip4j.data.text;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntBinaryOperator;

/**
 * Token ids and attention mask of several texts, padded to one width.
 *
 * <ul>
 *   <li>ids: [B, T] row by row, [PAD] on the right
 *   <li>mask: [B, T], 1 = attend, 0 = padding
 * </ul>
 *
 * <p>The arrays are handed out as they are, for feeding; they are not to be changed.
 */
@SuppressWarnings("ArrayRecordComponent") // fed to tensors as it is; equality is not used
public record TokenBatch(long[] ids, long[] mask, int rows, int columns) {
  public TokenBatch {
    long expected = (long) rows * columns;
    if (rows < 0 || columns < 0 || ids.length != expected || mask.length != expected) {
      throw new IllegalArgumentException(
          "a token batch of %d x %d needs %d ids and mask values, not %d and %d"
              .formatted(rows, columns, expected, ids.length, mask.length));
    }
  }

  /**
   * Ids of several texts.
   *
   * @param padding how wide they are made
   * @param maxTokens what {@code padding} may go up to
   * @param pad the id of [PAD]
   */
  public static TokenBatch of(List<int[]> rows, Padding padding, int maxTokens, int pad) {
    int longest = rows.stream().mapToInt(row -> row.length).max().orElse(0);
    int columns = padding.columns(longest, maxTokens);
    if (columns == WordPieceTokenizer.NO_LIMIT) {
      throw new IllegalArgumentException("padding to the maximum length needs a maximum length");
    }
    long[] ids = new long[Math.multiplyExact(rows.size(), columns)];
    long[] mask = new long[ids.length];
    Arrays.fill(ids, pad);
    for (int r = 0; r < rows.size(); r++) {
      int[] row = rows.get(r);
      for (int c = 0; c < row.length; c++) {
        ids[r * columns + c] = row[c];
        mask[r * columns + c] = 1;
      }
    }
    return new TokenBatch(ids, mask, rows.size(), columns);
  }

  /**
   * The same batch with the first token of every row replaced, [ENC] for the image-grounded encoder
   * and [DEC] for the decoder (blip-spec 4.5). The mask and all else stay.
   */
  public TokenBatch withFirstToken(long id) {
    long[] changed = ids.clone();
    for (int row = 0; row < rows && columns > 0; row++) {
      changed[row * columns] = id;
    }
    return new TokenBatch(changed, mask, rows, columns);
  }

  /** Some of the rows, as wide as all. */
  public TokenBatch cut(int first, int end) {
    return new TokenBatch(
        Arrays.copyOfRange(ids, first * columns, end * columns),
        Arrays.copyOfRange(mask, first * columns, end * columns),
        end - first,
        columns);
  }

  /** Ids of one row, padding included. */
  public long[] row(int row) {
    return Arrays.copyOfRange(ids, row * columns, (row + 1) * columns);
  }

  /**
   * How wide a batch of token rows is made.
   *
   * <p>{@link #maxLength()} always pads to the maximum, {@link #longest()} to the longest row,
   * {@link #multipleOf} to the next multiple above the longest row (never above the maximum).
   */
  public static final class Padding {
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
}
