package org.blip4j.tools.verify;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.blip4j.data.text.TokenBatch;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/**
 * A tensor of doubles for comparing; float32 and the whole numbers of goldens fit without loss.
 *
 * @param shape sizes of all axes
 * @param data elements, row-major
 */
// Arrays are compared nowhere: a value object in name only, handed from reader to comparison.
@SuppressWarnings("ArrayRecordComponent")
record Values(long[] shape, double[] data) {
  Values {
    long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    if (size != data.length) {
      throw new IllegalArgumentException(
          "shape %s holds %d elements, but %d are given"
              .formatted(Arrays.toString(shape), size, data.length));
    }
  }

  /** Values of floats. */
  static Values of(float[] data, long... shape) {
    double[] doubles = new double[data.length];
    Arrays.setAll(doubles, i -> data[i]);
    return new Values(shape, doubles);
  }

  /** Values of whole numbers. */
  static Values of(long[] data, long... shape) {
    return new Values(shape, LongStream.of(data).asDoubleStream().toArray());
  }

  /** One number. */
  static Values scalar(double value) {
    return new Values(new long[0], new double[] {value});
  }

  /** Numbers in a row. */
  static Values vector(List<? extends Number> numbers) {
    double[] data = numbers.stream().mapToDouble(Number::doubleValue).toArray();
    return new Values(new long[] {data.length}, data);
  }

  /** The ids of texts {@code [B, T]}. */
  static Values ids(TokenBatch batch) {
    return of(batch.ids(), batch.rows(), batch.columns());
  }

  /** The mask of texts {@code [B, T]}. */
  static Values mask(TokenBatch batch) {
    return of(batch.mask(), batch.rows(), batch.columns());
  }

  /** Copies a tensor of numbers. */
  static Values read(Tensor tensor) {
    double[] data = new double[Math.toIntExact(tensor.shape().size())];
    if (tensor instanceof TFloat32 floats) {
      Arrays.setAll(data, floats.asRawTensor().data().asFloats()::getFloat);
    } else if (tensor instanceof TInt64 longs) {
      Arrays.setAll(data, longs.asRawTensor().data().asLongs()::getLong);
    } else if (tensor instanceof TInt32 ints) {
      Arrays.setAll(data, ints.asRawTensor().data().asInts()::getInt);
    } else if (tensor instanceof TUint8 bytes) {
      ByteDataBuffer buffer = bytes.asRawTensor().data();
      Arrays.setAll(data, i -> buffer.getByte(i) & 0xff);
    } else {
      throw new IllegalArgumentException("a tensor of " + tensor.dataType() + " is not compared");
    }
    return new Values(tensor.shape().asArray(), data);
  }

  /** A new tensor of the given type, to be closed by the caller. */
  Tensor tensor(Class<?> type) {
    Shape sizes = Shape.of(shape);
    if (type == TInt64.class) {
      return TInt64.tensorOf(sizes, DataBuffers.of(longs()));
    }
    if (type == TInt32.class) {
      return TInt32.tensorOf(
          sizes, DataBuffers.of(DoubleStream.of(data).mapToInt(x -> (int) x).toArray()));
    }
    if (type == TUint8.class) {
      byte[] bytes = new byte[data.length];
      IntStream.range(0, bytes.length).forEach(i -> bytes[i] = (byte) (int) data[i]);
      return TUint8.tensorOf(sizes, DataBuffers.of(bytes));
    }
    return TFloat32.tensorOf(sizes, DataBuffers.of(floats()));
  }

  /** The size of the largest finite element, 0 if there is none. */
  double largest() {
    return DoubleStream.of(data).filter(Double::isFinite).map(Math::abs).max().orElse(0);
  }

  /** Elements as floats. */
  float[] floats() {
    float[] floats = new float[data.length];
    for (int i = 0; i < data.length; i++) {
      floats[i] = (float) data[i];
    }
    return floats;
  }

  /** Elements as whole numbers. */
  long[] longs() {
    return DoubleStream.of(data).mapToLong(value -> (long) value).toArray();
  }

  /** Where an element stands. */
  long[] index(int element) {
    long[] index = new long[shape.length];
    long rest = element;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return index;
  }

  /** Images {@code [B, C, H, W]} as {@code [B, H, W, C]}. */
  Values channelsLast() {
    return transpose(0, 2, 3, 1);
  }

  /** The same elements with the axes in another order. */
  Values transpose(int... axes) {
    long[] moved = Arrays.stream(axes).mapToLong(axis -> shape[axis]).toArray();
    long[] strides = new long[axes.length];
    for (int axis = axes.length - 1, stride = 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= (int) shape[axis];
    }
    Values result = new Values(moved, new double[data.length]);
    for (int i = 0; i < data.length; i++) {
      long from = 0;
      long rest = i;
      for (int axis = axes.length - 1; axis >= 0; axis--) {
        from += rest % moved[axis] * strides[axes[axis]];
        rest /= moved[axis];
      }
      result.data[i] = data[(int) from];
    }
    return result;
  }

  /** The same elements in another shape. */
  Values reshape(long... other) {
    return new Values(other, data);
  }

  /** Some rows of the first axis; fewer if there are not so many. */
  Values rows(long from, long to) {
    return gather(LongStream.range(from, Math.min(to, shape[0])).toArray());
  }

  /** One row of the first axis, which goes away. */
  Values row(long row) {
    return gather(row).reshape(Arrays.copyOfRange(shape, 1, shape.length));
  }

  /** The rows of the first axis with the given numbers. */
  Values gather(long... rows) {
    int size = shape[0] == 0 ? 0 : (int) (data.length / shape[0]);
    double[] gathered = new double[rows.length * size];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(data, (int) rows[i] * size, gathered, i * size, size);
    }
    long[] part = shape.clone();
    part[0] = rows.length;
    return new Values(part, gathered);
  }

  /** The columns of all rows of the last axis with the given numbers. */
  Values columns(long... columns) {
    int size = (int) shape[shape.length - 1];
    double[] picked = new double[data.length / size * columns.length];
    Arrays.setAll(picked, i -> data[i / columns.length * size + (int) columns[i % columns.length]]);
    long[] part = shape.clone();
    part[part.length - 1] = columns.length;
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
    DoubleStream ranks =
        IntStream.range(0, (int) shape[0])
            .mapToObj(
                row ->
                    IntStream.range(0, columns)
                        .boxed()
                        .sorted(Comparator.comparingDouble(c -> -data[row * columns + c])))
            .flatMapToDouble(order -> order.mapToDouble(Integer::doubleValue));
    return new Values(shape, ranks.toArray());
  }
}
