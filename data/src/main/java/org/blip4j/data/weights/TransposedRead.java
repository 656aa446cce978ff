package org.blip4j.data.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Reads a matrix of plain floats transposed: bands of rows go through arrays that stay in the
 * processor's cache, and every band becomes a run in each row of the result.
 */
public final class TransposedRead {
  private static final int BAND = 64;
  private static final int TILE = 16;

  private TransposedRead() {}

  /** Reads {@code [rows, columns]} into memory for {@code [columns, rows]}. */
  public static void run(StoredTensor matrix, ByteBuffer target) throws IOException {
    int rows = (int) matrix.shape().get(0);
    int columns = (int) matrix.shape().get(1);
    FloatBuffer result = target.asFloatBuffer();
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(BAND * columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    float[] band = new float[BAND * columns];
    float[] tile = new float[TILE * BAND];
    for (int row = 0; row < rows; row += BAND) {
      int count = Math.min(BAND, rows - row);
      bytes.clear().limit(count * columns * Float.BYTES);
      matrix.readPart(bytes, (long) row * columns);
      bytes.flip();
      bytes.asFloatBuffer().get(band, 0, count * columns);
      for (int left = 0; left < columns; left += TILE) {
        int width = Math.min(TILE, columns - left);
        turn(band, columns, left, width, count, tile);
        for (int i = 0; i < width; i++) {
          result.put((left + i) * rows + row, tile, i * BAND, count);
        }
      }
    }
  }

  /** One cache line of each row at a time. */
  private static void turn(
      float[] band, int columns, int left, int width, int count, float[] tile) {
    for (int i = 0; i < count; i++) {
      int from = i * columns + left;
      for (int j = 0; j < width; j++) {
        tile[j * BAND + i] = band[from + j];
      }
    }
  }
}
