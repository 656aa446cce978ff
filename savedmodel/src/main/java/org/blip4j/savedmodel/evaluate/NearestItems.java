package org.blip4j.savedmodel.evaluate;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * For each query its items of highest cosine.
 *
 * @param items {@code [queries][k]}, the numbers of the items, best first; of equal ones the first
 * @param cosines {@code [queries][k]}, the same pairs
 */
@SuppressWarnings("ArrayRecordComponent") // as large as they are; equality is not used
record NearestItems(int[][] items, float[][] cosines) {
  private static final int QUERIES = 32;
  private static final int COLUMNS = 1024;

  /**
   * Finds them in blocks of queries, so that the whole matrix is never held.
   *
   * @param queries {@code [N][E]} of length 1
   * @param among {@code [M][E]} of length 1
   * @param k how many are wanted; all where there are no more
   */
  static NearestItems of(float[][] queries, float[][] among, int k) {
    int kept = Math.min(k, among.length);
    NearestItems found =
        new NearestItems(new int[queries.length][kept], new float[queries.length][kept]);
    float[][] columns = transposed(among);
    IntStream.range(0, (queries.length + QUERIES - 1) / QUERIES)
        .parallel()
        .forEach(block -> found.fill(queries, columns, among.length, block * QUERIES));
    return found;
  }

  private void fill(float[][] queries, float[][] columns, int count, int first) {
    int end = Math.min(queries.length, first + QUERIES);
    float[][] products = new float[end - first][count];
    for (int from = 0; from < count; from += COLUMNS) {
      int to = Math.min(count, from + COLUMNS);
      for (int query = first; query < end; query++) {
        float[] row = products[query - first];
        for (int e = 0; e < columns.length; e++) {
          float factor = queries[query][e];
          float[] column = columns[e];
          for (int i = from; i < to; i++) {
            row[i] += factor * column[i];
          }
        }
      }
    }
    for (int query = first; query < end; query++) {
      pick(products[query - first], items[query], cosines[query]);
    }
  }

  /** Sorts by falling value, then by number, as whole numbers, which is faster than by pairs. */
  private static void pick(float[] values, int[] items, float[] cosines) {
    long[] order = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      int bits = Float.floatToIntBits(values[i]);
      long rising = bits ^ ((bits >> 31) & 0x7fffffff); // as ints, bits of negative floats fall
      order[i] = (~rising << 32) | i;
    }
    Arrays.sort(order);
    for (int i = 0; i < items.length; i++) {
      items[i] = (int) order[i];
      cosines[i] = values[items[i]];
    }
  }

  private static float[][] transposed(float[][] rows) {
    float[][] columns = new float[rows.length == 0 ? 0 : rows[0].length][rows.length];
    for (int e = 0; e < columns.length; e++) {
      for (int row = 0; row < rows.length; row++) {
        columns[e][row] = rows[row][e];
      }
    }
    return columns;
  }
}
