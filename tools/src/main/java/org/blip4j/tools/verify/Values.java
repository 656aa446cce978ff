package org.blip4j.tools.verify;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * A tensor of doubles for comparing; float32 and the whole numbers of goldens fit without loss.
 *
 * @param shape sizes of all axes
 * @param data elements, row-major
 */
// Arrays are compared nowhere: a value object in name only, handed from reader to comparison.
@SuppressWarnings("ArrayRecordComponent")
public record Values(long[] shape, double[] data) {
  public Values {
    long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    if (size != data.length) {
      throw new IllegalArgumentException(
          "shape %s holds %d elements, but %d are given"
              .formatted(Arrays.toString(shape), size, data.length));
    }
  }

  /** Values of floats. */
  public static Values of(float[] data, long... shape) {
    double[] doubles = new double[data.length];
    for (int i = 0; i < data.length; i++) {
      doubles[i] = data[i];
    }
    return new Values(shape, doubles);
  }

  /** Values of whole numbers. */
  public static Values of(long[] data, long... shape) {
    return new Values(shape, LongStream.of(data).asDoubleStream().toArray());
  }

  /** The size of the largest finite element, 0 if there is none. */
  double largest() {
    return DoubleStream.of(data).filter(Double::isFinite).map(Math::abs).max().orElse(0);
  }

  /** Elements as floats. */
  public float[] floats() {
    float[] floats = new float[data.length];
    for (int i = 0; i < data.length; i++) {
      floats[i] = (float) data[i];
    }
    return floats;
  }

  /** Elements as whole numbers. */
  public long[] longs() {
    return DoubleStream.of(data).mapToLong(value -> (long) value).toArray();
  }
}
