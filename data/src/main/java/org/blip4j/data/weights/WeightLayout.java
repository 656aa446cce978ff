package org.blip4j.data.weights;

import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.tensorflow.ndarray.Shape;

/**
 * How the axes of a published tensor become ours; on shapes and row-major arrays.
 *
 * <ul>
 *   <li>{@code SAME}: as it is
 *   <li>{@code TRANSPOSED}: [out, in] becomes [in, out] (kernels), [E, Q] becomes [Q, E] (queues)
 *   <li>{@code CONVOLUTION}: [out, in, height, width] becomes [height, width, in, out]
 * </ul>
 */
public enum WeightLayout {
  SAME,
  TRANSPOSED(1, 0),
  CONVOLUTION(2, 3, 1, 0);

  private static final int TILE = 32;
  private static final int BAND = 64;
  private static final int COLUMNS = 16;

  /** Axis of the published tensor that becomes each of our axes. */
  private final ImmutableIntArray axes;

  WeightLayout(int... axes) {
    this.axes = ImmutableIntArray.copyOf(axes);
  }

  /**
   * Our shape of a tensor of the given published shape.
   *
   * @throws IllegalArgumentException if the rank does not fit
   */
  public Shape toOurs(Shape published) {
    return permute(published, axes);
  }

  /**
   * The published shape of one of our variables.
   *
   * @throws IllegalArgumentException if the rank does not fit
   */
  public Shape toPublished(Shape ours) {
    return permute(ours, inverse());
  }

  /** Our values of a tensor that has the given published shape. */
  public float[] toOurs(float[] values, Shape published) {
    return permute(values, published, axes);
  }

  /** The published values of a variable that has the given shape of ours. */
  public float[] toPublished(float[] values, Shape ours) {
    return permute(values, ours, inverse());
  }

  private ImmutableIntArray inverse() {
    int[] inverse = new int[axes.length()];
    for (int axis = 0; axis < inverse.length; axis++) {
      inverse[axes.get(axis)] = axis;
    }
    return ImmutableIntArray.copyOf(inverse);
  }

  private static Shape permute(Shape shape, ImmutableIntArray order) {
    if (order.length() == 0) {
      return shape;
    }
    if (shape.numDimensions() != order.length()) {
      throw new IllegalArgumentException(
          "shape " + shape + " has " + shape.numDimensions() + " axes, expected " + order.length());
    }
    long[] sizes = new long[order.length()];
    for (int axis = 0; axis < order.length(); axis++) {
      sizes[axis] = shape.get(order.get(axis));
    }
    return Shape.of(sizes);
  }

  private static float[] permute(float[] values, Shape shape, ImmutableIntArray order) {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(values.length + " values for a tensor of shape " + shape);
    }
    if (order.length() == 0) {
      return values;
    }
    Shape result = permute(shape, order);
    return order.length() == 2
        ? transpose(values, (int) shape.get(0), (int) shape.get(1))
        : permute4(values, shape, order, result);
  }

  /** In tiles, so that both sides stay in the processor's cache. */
  private static float[] transpose(float[] values, int rows, int columns) {
    float[] result = new float[values.length];
    for (int top = 0; top < rows; top += TILE) {
      int bottom = Math.min(rows, top + TILE);
      for (int left = 0; left < columns; left += TILE) {
        int right = Math.min(columns, left + TILE);
        for (int column = left; column < right; column++) {
          for (int row = top; row < bottom; row++) {
            result[column * rows + row] = values[row * columns + column];
          }
        }
      }
    }
    return result;
  }

  private static float[] permute4(
      float[] values, Shape shape, ImmutableIntArray order, Shape result) {
    long[] strides = {
      shape.get(1) * shape.get(2) * shape.get(3), shape.get(2) * shape.get(3), shape.get(3), 1
    };
    float[] permuted = new float[values.length];
    int next = 0;
    for (long a = 0; a < result.get(0); a++) {
      for (long b = 0; b < result.get(1); b++) {
        for (long c = 0; c < result.get(2); c++) {
          long at =
              a * strides[order.get(0)] + b * strides[order.get(1)] + c * strides[order.get(2)];
          for (long d = 0; d < result.get(3); d++) {
            permuted[next++] = values[(int) (at + d * strides[order.get(3)])];
          }
        }
      }
    }
    return permuted;
  }

  /**
   * Reads a matrix of plain floats, {@code [rows, columns]}, into memory for {@code [columns,
   * rows]}: bands of rows go through arrays that stay in the processor's cache, and every band
   * becomes a run in each row of the result.
   */
  public static void readTransposed(StoredTensor matrix, ByteBuffer target) throws IOException {
    int rows = (int) matrix.shape().get(0);
    int columns = (int) matrix.shape().get(1);
    FloatBuffer result = target.asFloatBuffer();
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(BAND * columns * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    float[] band = new float[BAND * columns];
    float[] tile = new float[COLUMNS * BAND];
    for (int row = 0; row < rows; row += BAND) {
      int count = Math.min(BAND, rows - row);
      bytes.clear().limit(count * columns * Float.BYTES);
      matrix.readPart(bytes, (long) row * columns);
      bytes.flip();
      bytes.asFloatBuffer().get(band, 0, count * columns);
      for (int left = 0; left < columns; left += COLUMNS) {
        int width = Math.min(COLUMNS, columns - left);
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
