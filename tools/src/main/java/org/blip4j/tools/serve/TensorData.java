package org.blip4j.tools.serve;

import com.google.protobuf.ByteString;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.tensorflow.RawTensor;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.ByteDataBuffer;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * A tensor outside TensorFlow.
 *
 * @param dtype strings, bool, uint8, int32, int64, float or double
 * @param shape dimensions; none for a scalar
 * @param strings the elements of a string tensor, otherwise null
 * @param raw the elements of any other tensor as they lie in memory, otherwise null
 */
@SuppressWarnings("ArrayRecordComponent") // bytes that nobody compares or changes
record TensorData(DataType dtype, long[] shape, byte[][] strings, byte[] raw) {
  /** More dimensions than these TensorFlow does not have. */
  static final int MOST_RANK = 254;

  /** How many bytes a message may leave out of a tensor, for its last value to stand there. */
  private static final int MOST_FILLED = 1 << 18;

  TensorData {
    Objects.requireNonNull(shape, "shape");
    long size = size(shape);
    long found = strings == null ? raw.length / width(dtype) : strings.length;
    if (size != found) {
      throw new IllegalArgumentException(
          "a tensor of shape %s has %d elements, not %d"
              .formatted(Arrays.toString(shape), size, found));
    }
  }

  static TensorData ofStrings(long[] shape, byte[][] strings) {
    return new TensorData(DataType.DT_STRING, shape, strings, null);
  }

  /** A tensor of numbers. */
  static TensorData ofNumbers(DataType dtype, long[] shape, List<? extends Number> numbers) {
    byte[] bytes = new byte[numbers.size() * width(dtype)];
    ByteBuffer raw = buffer(bytes);
    for (Number number : numbers) {
      switch (dtype) {
        case DT_FLOAT -> raw.putFloat(number.floatValue());
        case DT_DOUBLE -> raw.putDouble(number.doubleValue());
        case DT_INT64 -> raw.putLong(number.longValue());
        case DT_INT32 -> raw.putInt(number.intValue());
        default -> raw.put(number.byteValue());
      }
    }
    return new TensorData(dtype, shape, null, bytes);
  }

  /** A tensor without elements. */
  static TensorData empty(DataType dtype, long... shape) {
    return dtype == DataType.DT_STRING
        ? ofStrings(shape, new byte[0][])
        : new TensorData(dtype, shape, null, new byte[0]);
  }

  /** Whether tensors of a type can be kept. */
  static boolean known(DataType dtype) {
    return dtype == DataType.DT_STRING || width(dtype) > 0;
  }

  private static int width(DataType dtype) {
    return switch (dtype) {
      case DT_FLOAT, DT_INT32 -> 4;
      case DT_DOUBLE, DT_INT64 -> 8;
      case DT_BOOL, DT_UINT8 -> 1;
      default -> 0;
    };
  }

  private static Class<? extends TType> type(DataType dtype) {
    return switch (dtype) {
      case DT_FLOAT -> TFloat32.class;
      case DT_DOUBLE -> TFloat64.class;
      case DT_INT32 -> TInt32.class;
      case DT_INT64 -> TInt64.class;
      case DT_BOOL -> TBool.class;
      default -> TUint8.class;
    };
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  static long size(long... shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }

  int rank() {
    return shape.length;
  }

  /** How many rows it has; 1 for a scalar. */
  long rows() {
    return rank() == 0 ? 1 : shape[0];
  }

  /** An element other than a string; a bool is 0 or 1. */
  Number number(int index) {
    ByteBuffer bytes = buffer(raw);
    return switch (dtype) {
      case DT_FLOAT -> bytes.getFloat(4 * index);
      case DT_DOUBLE -> bytes.getDouble(8 * index);
      case DT_INT64 -> bytes.getLong(8 * index);
      case DT_INT32 -> bytes.getInt(4 * index);
      default -> bytes.get(index) & 0xff;
    };
  }

  TensorData reshaped(long... other) {
    return new TensorData(dtype, other, strings, raw);
  }

  /** Row {@code i}, {@code [1, ...]}. */
  TensorData row(int i) {
    long[] one = shape.clone();
    one[0] = 1;
    int size = Math.toIntExact(size(one));
    if (strings != null) {
      return ofStrings(one, Arrays.copyOfRange(strings, i * size, (i + 1) * size));
    }
    int bytes = size * width(dtype);
    return new TensorData(dtype, one, null, Arrays.copyOfRange(raw, i * bytes, (i + 1) * bytes));
  }

  /** Rows below each other; all have the same type and dimensions but for the first. */
  static TensorData concat(List<TensorData> parts) {
    TensorData first = parts.get(0);
    if (parts.size() == 1) {
      return first;
    }
    long[] shape = first.shape.clone();
    shape[0] = parts.stream().mapToLong(TensorData::rows).sum();
    if (first.strings != null) {
      return ofStrings(
          shape,
          parts.stream().flatMap(part -> Arrays.stream(part.strings)).toArray(byte[][]::new));
    }
    ByteBuffer all = ByteBuffer.allocate(parts.stream().mapToInt(part -> part.raw.length).sum());
    parts.forEach(part -> all.put(part.raw));
    return new TensorData(first.dtype, shape, null, all.array());
  }

  /** A copy of what TensorFlow holds. */
  static TensorData of(Tensor tensor) {
    long[] shape = tensor.shape().asArray();
    if (tensor instanceof TString text) {
      List<byte[]> strings = new ArrayList<>();
      text.asBytes().scalars().forEach(scalar -> strings.add(scalar.getObject()));
      return ofStrings(shape, strings.toArray(new byte[0][]));
    }
    DataType dtype = DataType.forNumber(tensor.dataType().getNumber());
    if (!known(dtype)) {
      throw new IllegalArgumentException("outputs of type " + dtype + " cannot be sent");
    }
    RawTensor numbers = tensor.asRawTensor();
    byte[] raw = new byte[Math.toIntExact(numbers.numBytes())];
    numbers.data().read(raw);
    return new TensorData(dtype, shape, null, raw);
  }

  /** A new tensor of TensorFlow, which the caller closes. */
  Tensor toTensor() {
    if (strings != null) {
      return TString.tensorOfBytes(
          rank() == 0
              ? NdArrays.scalarOfObject(strings[0])
              : NdArrays.wrap(Shape.of(shape), DataBuffers.of(strings, true, false)));
    }
    ByteDataBuffer data = DataBuffers.of(raw, true, false);
    return Tensor.of(type(dtype), Shape.of(shape), data);
  }

  /** What came from a client of gRPC or a warm-up file. */
  static TensorData of(TensorProto proto) throws ServingException {
    DataType dtype = proto.getDtype();
    long[] shape =
        proto.getTensorShape().getDimList().stream()
            .mapToLong(TensorShapeProto.Dim::getSize)
            .toArray();
    if (!known(dtype) || shape.length > MOST_RANK || !countable(shape)) {
      throw ServingException.invalid(
          "inputs of type %s and shape %s cannot be read"
              .formatted(dtype, Arrays.toString(Arrays.copyOf(shape, Math.min(shape.length, 8)))));
    }
    long size = size(shape);
    if (dtype != DataType.DT_STRING && !proto.getTensorContent().isEmpty()) {
      byte[] raw = proto.getTensorContent().toByteArray();
      int width = width(dtype);
      require(raw.length % width == 0 && raw.length / width == size, shape, raw.length);
      return new TensorData(dtype, shape, null, raw);
    }
    List<?> values =
        switch (dtype) {
          case DT_STRING -> proto.getStringValList();
          case DT_FLOAT -> proto.getFloatValList();
          case DT_DOUBLE -> proto.getDoubleValList();
          case DT_INT64 -> proto.getInt64ValList();
          case DT_BOOL -> proto.getBoolValList().stream().map(value -> value ? 1 : 0).toList();
          default -> proto.getIntValList();
        };
    int last = values.size() - 1; // it stands for all that are left out
    if (size != values.size()) {
      require(last >= 0 && size > last, shape, values.size());
      long each = dtype == DataType.DT_STRING ? 8 + proto.getStringVal(last).size() : width(dtype);
      require(size - last <= MOST_FILLED / each, shape, values.size());
    }
    if (dtype == DataType.DT_STRING) {
      List<byte[]> texts = proto.getStringValList().stream().map(ByteString::toByteArray).toList();
      return ofStrings(
          shape,
          IntStream.range(0, (int) size)
              .mapToObj(i -> texts.get(Math.min(i, last)))
              .toArray(byte[][]::new));
    }
    return ofNumbers(
        dtype,
        shape,
        IntStream.range(0, (int) size)
            .mapToObj(i -> (Number) values.get(Math.min(i, last)))
            .toList());
  }

  /** Whether dimensions of a client have a product, which TensorFlow wants of empty ones, too. */
  private static boolean countable(long... shape) {
    BigInteger product = BigInteger.ONE;
    for (long size : shape) {
      if (size < 0) {
        return false;
      }
      product = product.multiply(BigInteger.valueOf(Math.max(1, size)));
    }
    return product.bitLength() < Long.SIZE;
  }

  private static void require(boolean fits, long[] shape, int found) throws ServingException {
    if (!fits) {
      throw ServingException.invalid(
          "a tensor of shape %s does not fit %d values or bytes"
              .formatted(Arrays.toString(shape), found));
    }
  }

  /** The same as a message. */
  TensorProto toProto() {
    TensorProto.Builder proto = TensorProto.newBuilder().setDtype(dtype);
    for (long size : shape) {
      proto.getTensorShapeBuilder().addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    if (strings == null) {
      return proto.setTensorContent(ByteString.copyFrom(raw)).build();
    }
    proto.getTensorShapeBuilder(); // a scalar has a shape, too
    for (byte[] text : strings) {
      proto.addStringVal(ByteString.copyFrom(text));
    }
    return proto.build();
  }
}
