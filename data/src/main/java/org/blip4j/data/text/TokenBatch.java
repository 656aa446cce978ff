package org.blip4j.data.text;

import java.util.Arrays;

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

  /** Ids of one row, padding included. */
  public long[] row(int row) {
    return Arrays.copyOfRange(ids, row * columns, (row + 1) * columns);
  }
}
