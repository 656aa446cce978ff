package org.blip4j.graph.weights;

import org.tensorflow.ndarray.Shape;

/**
 * Fits learned position embeddings to another image size, as published.
 *
 * <p>Row 0 (class token) stays; the others are a square grid that is resized per channel to P' = M
 * P Mᵀ, bicubic with A = -0.75, corners not aligned, no antialiasing, taps clamped at the border.
 * In double precision. (Images are resized with another bicubic, A = -0.5 and antialiased.)
 */
public final class PositionInterpolation {
  private static final double A = -0.75;

  private PositionInterpolation() {}

  /** Whether a table of shape {@code from} can be turned into one of shape {@code to}. */
  public static boolean fits(Shape from, Shape to) {
    return from.numDimensions() == 3
        && to.numDimensions() == 3
        && from.get(0) == 1
        && to.get(0) == 1
        && from.get(2) == to.get(2)
        && isGrid(from.get(1))
        && isGrid(to.get(1));
  }

  /**
   * Resizes a table.
   *
   * @param table values of shape {@code from}, row-major
   * @param from [1, 1 + g², D]
   * @param to [1, 1 + m², D]
   * @return values of shape {@code to}
   * @throws IllegalArgumentException if the shapes are not of this kind
   */
  public static float[] resize(float[] table, Shape from, Shape to) {
    if (!fits(from, to) || table.length != from.size()) {
      throw new IllegalArgumentException(
          "position embeddings of shape %s can't become %s: both must be [1, 1 + grid², width]"
              .formatted(from, to));
    }
    int width = (int) from.get(2);
    int grid = side(from.get(1));
    int size = side(to.get(1));
    double[][] matrix = matrix(grid, size);
    double[] rows = new double[size * grid * width];
    for (int i = 0; i < size; i++) {
      for (int k = 0; k < grid; k++) {
        for (int at = 0; at < grid * width; at++) {
          rows[i * grid * width + at] += matrix[i][k] * table[width + k * grid * width + at];
        }
      }
    }
    float[] result = new float[Math.toIntExact(to.size())];
    System.arraycopy(table, 0, result, 0, width);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        for (int channel = 0; channel < width; channel++) {
          double sum = 0;
          for (int k = 0; k < grid; k++) {
            sum += matrix[j][k] * rows[(i * grid + k) * width + channel];
          }
          result[(1 + i * size + j) * width + channel] = (float) sum;
        }
      }
    }
    return result;
  }

  /** The resize along one axis, [size, grid]; each row sums to 1. */
  private static double[][] matrix(int grid, int size) {
    double[][] matrix = new double[size][grid];
    for (int i = 0; i < size; i++) {
      double x = (i + 0.5) * grid / size - 0.5;
      int floor = (int) Math.floor(x);
      double t = x - floor;
      double[] weights = {outer(1 + t), inner(t), inner(1 - t), outer(2 - t)};
      for (int tap = 0; tap < weights.length; tap++) {
        int source = Math.max(0, Math.min(grid - 1, floor - 1 + tap));
        matrix[i][source] += weights[tap];
      }
    }
    return matrix;
  }

  private static double inner(double u) {
    return ((A + 2) * u - (A + 3)) * u * u + 1;
  }

  private static double outer(double u) {
    return ((A * u - 5 * A) * u + 8 * A) * u - 4 * A;
  }

  private static boolean isGrid(long rows) {
    return rows > 1 && (long) side(rows) * side(rows) == rows - 1;
  }

  private static int side(long rows) {
    return (int) Math.round(Math.sqrt((double) (rows - 1)));
  }
}
