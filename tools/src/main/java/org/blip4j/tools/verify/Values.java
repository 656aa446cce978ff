package org.blip4j.tools.verify;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
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

  /** Elements as ints. */
  int[] ints() {
    return DoubleStream.of(data).mapToInt(value -> (int) value).toArray();
  }

  /** Images {@code [B, C, H, W]} as {@code [B, H, W, C]}. */
  Values channelsLast() {
    int channels = (int) shape[1];
    int pixels = Math.toIntExact(shape[2] * shape[3]);
    double[] moved = new double[data.length];
    for (int image = 0; image < shape[0]; image++) {
      int start = image * channels * pixels;
      for (int channel = 0; channel < channels; channel++) {
        for (int pixel = 0; pixel < pixels; pixel++) {
          moved[start + pixel * channels + channel] = data[start + channel * pixels + pixel];
        }
      }
    }
    return new Values(new long[] {shape[0], shape[2], shape[3], channels}, moved);
  }

  /** The same elements in another shape. */
  Values reshape(long... other) {
    return new Values(other, data);
  }

  /** Some rows of the first axis. */
  Values rows(int from, int to) {
    int row = shape[0] == 0 ? 0 : (int) (data.length / shape[0]);
    long[] part = shape.clone();
    part[0] = (long) to - from;
    return new Values(part, Arrays.copyOfRange(data, from * row, to * row));
  }

  /** One entry of the last axis, which goes away. */
  Values last(int index) {
    int size = (int) shape[shape.length - 1];
    double[] picked = new double[data.length / size];
    for (int i = 0; i < picked.length; i++) {
      picked[i] = data[i * size + index];
    }
    return new Values(Arrays.copyOf(shape, shape.length - 1), picked);
  }

  /** Some entries of the last axis, in the given order. */
  Values lastOf(long... chosen) {
    int size = (int) shape[shape.length - 1];
    int rows = data.length / size;
    double[] picked = new double[rows * chosen.length];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < chosen.length; i++) {
        picked[row * chosen.length + i] = data[row * size + (int) chosen[i]];
      }
    }
    long[] part = shape.clone();
    part[part.length - 1] = chosen.length;
    return new Values(part, picked);
  }

  /** The logarithm of the sum of exponentials over the last axis, which goes away. */
  Values logSumExp() {
    int size = (int) shape[shape.length - 1];
    double[] sums = new double[data.length / size];
    for (int row = 0; row < sums.length; row++) {
      double[] part = Arrays.copyOfRange(data, row * size, (row + 1) * size);
      double most = DoubleStream.of(part).max().orElse(0);
      sums[row] = most + Math.log(DoubleStream.of(part).map(x -> Math.exp(x - most)).sum());
    }
    return new Values(Arrays.copyOf(shape, shape.length - 1), sums);
  }

  /** For each row of a matrix, the columns from the largest value to the smallest. */
  Values ranks() {
    int columns = (int) shape[1];
    double[] ranks = new double[data.length];
    for (int row = 0; row < shape[0]; row++) {
      int start = row * columns;
      List<Integer> order = new ArrayList<>();
      for (int column = 0; column < columns; column++) {
        order.add(column);
      }
      order.sort(Comparator.comparingDouble(column -> -data[start + column]));
      for (int place = 0; place < columns; place++) {
        ranks[start + place] = order.get(place);
      }
    }
    return new Values(shape, ranks);
  }

  /** Elements as unsigned bytes. */
  byte[] bytes() {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) (int) data[i];
    }
    return bytes;
  }

  /** Images {@code [B, H, W, C]} as {@code [B, C, H, W]}. */
  Values channelsFirst() {
    int channels = (int) shape[3];
    int pixels = Math.toIntExact(shape[1] * shape[2]);
    double[] moved = new double[data.length];
    for (int i = 0; i < data.length; i++) {
      int pixel = i / channels % pixels;
      int image = i / channels / pixels;
      moved[(image * channels + i % channels) * pixels + pixel] = data[i];
    }
    return new Values(new long[] {shape[0], channels, shape[1], shape[2]}, moved);
  }

  /** The rows of a matrix with the given numbers. */
  Values gather(long... rows) {
    int columns = (int) shape[1];
    double[] gathered = new double[rows.length * columns];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(data, (int) rows[i] * columns, gathered, i * columns, columns);
    }
    return new Values(new long[] {rows.length, columns}, gathered);
  }
}
