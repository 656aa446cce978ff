package org.blip4j.data.weights;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** Element types of stored tensors, named as safetensors names them. */
public enum WeightType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U8(1),
  BOOL(1);

  private final int bytes;

  WeightType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether the elements are whole numbers or truth values. */
  public boolean isInteger() {
    return switch (this) {
      case F64, F32, F16, BF16 -> false;
      case I64, I32, I16, I8, U8, BOOL -> true;
    };
  }

  /**
   * The element at a position counted in elements, as a double; exact but for large {@link #I64}.
   */
  double doubleAt(ByteBuffer data, long element) {
    int at = Math.toIntExact(element * bytes);
    return switch (this) {
      case F64 -> data.getDouble(at);
      case F32 -> data.getFloat(at);
      case F16 -> halfToFloat(data.getShort(at));
      case BF16 -> Float.intBitsToFloat(data.getShort(at) << 16);
      case I64, I32, I16, I8, U8, BOOL -> longAt(data, element);
    };
  }

  /** The element at a position counted in elements; integer types only. */
  long longAt(ByteBuffer data, long element) {
    int at = Math.toIntExact(element * bytes);
    return switch (this) {
      case I64 -> data.getLong(at);
      case I32 -> data.getInt(at);
      case I16 -> data.getShort(at);
      case I8 -> data.get(at);
      case U8 -> data.get(at) & 0xff;
      case BOOL -> data.get(at) == 0 ? 0 : 1;
      case F64, F32, F16, BF16 ->
          throw new IllegalArgumentException(this + " is not an integer type");
    };
  }

  /** Appends the leading {@code count} elements of {@code data} to {@code target}. */
  public void toFloats(ByteBuffer data, int count, FloatBuffer target) {
    if (this == F32) {
      target.put(data.slice(0, count * bytes).order(data.order()).asFloatBuffer());
      return;
    }
    for (int i = 0; i < count; i++) {
      target.put((float) doubleAt(data, i));
    }
  }

  private static float halfToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    int wide = exponent == 0x1f ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }
}
