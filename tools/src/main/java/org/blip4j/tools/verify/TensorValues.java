package org.blip4j.tools.verify;

import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;

/** Moves values between tensors and {@link Values}. */
final class TensorValues {
  private TensorValues() {}

  /** Copies a tensor of numbers. */
  static Values read(Tensor tensor) {
    long[] shape = tensor.shape().asArray();
    int size = Math.toIntExact(tensor.shape().size());
    if (tensor instanceof TFloat32 floats) {
      float[] data = new float[size];
      floats.asRawTensor().data().asFloats().read(data);
      return Values.of(data, shape);
    }
    if (tensor instanceof TInt64 longs) {
      long[] data = new long[size];
      longs.asRawTensor().data().asLongs().read(data);
      return Values.of(data, shape);
    }
    double[] data = new double[size];
    if (tensor instanceof TInt32 ints) {
      int[] whole = new int[size];
      ints.asRawTensor().data().asInts().read(whole);
      for (int i = 0; i < size; i++) {
        data[i] = whole[i];
      }
    } else if (tensor instanceof TUint8 bytes) {
      byte[] raw = new byte[size];
      bytes.asRawTensor().data().read(raw);
      for (int i = 0; i < size; i++) {
        data[i] = raw[i] & 0xff;
      }
    } else {
      throw new IllegalArgumentException("a tensor of " + tensor.dataType() + " is not compared");
    }
    return new Values(shape, data);
  }

  /** A new tensor of the given type, to be closed by the caller. */
  static Tensor write(Class<?> type, Values values) {
    Shape shape = Shape.of(values.shape());
    if (type == TInt64.class) {
      return TInt64.tensorOf(shape, DataBuffers.of(values.longs()));
    }
    if (type == TInt32.class) {
      return TInt32.tensorOf(shape, DataBuffers.of(values.ints()));
    }
    if (type == TUint8.class) {
      return TUint8.tensorOf(shape, DataBuffers.of(values.bytes()));
    }
    return TFloat32.tensorOf(shape, DataBuffers.of(values.floats()));
  }
}
