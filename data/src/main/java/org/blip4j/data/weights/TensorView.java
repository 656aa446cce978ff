package org.blip4j.data.weights;

import com.google.common.primitives.ImmutableLongArray;
import java.util.function.LongConsumer;
import org.tensorflow.ndarray.Shape;

/**
 * How a tensor lies in its storage, counted in elements.
 *
 * @param shape the shape, known in every axis
 * @param offset first element
 * @param strides distance between neighbours along each axis; 0 where one element stands for all
 */
public record TensorView(Shape shape, long offset, ImmutableLongArray strides) {
  public TensorView {
    if (shape.isUnknown() || shape.numDimensions() != strides.length()) {
      throw new IllegalArgumentException("shape " + shape + " with strides " + strides);
    }
    if (offset < 0 || strides.stream().anyMatch(stride -> stride < 0)) {
      throw new IllegalArgumentException("offset " + offset + ", strides " + strides);
    }
    long elements = 1;
    for (long size : shape.asArray()) {
      if (size < 0) {
        throw new IllegalArgumentException("a size of " + size);
      }
      elements = Math.multiplyExact(elements, size);
    }
  }

  /** Row-major without gaps, from the first element on. */
  public static TensorView contiguous(Shape shape) {
    long[] strides = new long[shape.numDimensions()];
    long stride = 1;
    for (int axis = strides.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= Math.max(1, shape.get(axis));
    }
    return new TensorView(shape, 0, ImmutableLongArray.copyOf(strides));
  }

  /** Whether the elements lie in row-major order without gaps. */
  boolean isContiguous() {
    long expected = 1;
    for (int axis = shape.numDimensions() - 1; axis >= 0; axis--) {
      if (shape.get(axis) != 1 && strides.get(axis) != expected) {
        return shape.size() == 0;
      }
      expected *= shape.get(axis);
    }
    return true;
  }

  /** Whether this is a matrix whose transpose lies in row-major order without gaps. */
  boolean isTransposed() {
    return shape.numDimensions() == 2
        && !isContiguous()
        && strides.get(0) == 1
        && strides.get(1) == shape.get(0);
  }

  /**
   * Elements from the first to the last, both counted, whether part of the tensor or not.
   *
   * @throws ArithmeticException if there are more than a long counts
   */
  long extent() {
    if (shape.size() == 0) {
      return 0;
    }
    long last = 0;
    for (int axis = 0; axis < strides.length(); axis++) {
      last = Math.addExact(last, Math.multiplyExact(shape.get(axis) - 1, strides.get(axis)));
    }
    return Math.addExact(last, 1);
  }

  /** Gives the position of every element, relative to the first, in row-major order. */
  void forEachPosition(LongConsumer visitor) {
    long[] index = new long[strides.length()];
    long position = 0;
    for (long done = 0; done < shape.size(); done++) {
      visitor.accept(position);
      for (int axis = index.length - 1; axis >= 0; axis--) {
        position += strides.get(axis);
        if (++index[axis] < shape.get(axis)) {
          break;
        }
        position -= strides.get(axis) * shape.get(axis);
        index[axis] = 0;
      }
    }
  }
}
