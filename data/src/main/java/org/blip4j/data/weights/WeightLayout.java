package org.blip4j.data.weights;

import com.google.common.primitives.ImmutableIntArray;
import org.tensorflow.ndarray.Shape;

/**
 * How the axes of a published tensor become ours; pure functions on shapes and row-major arrays.
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
}
