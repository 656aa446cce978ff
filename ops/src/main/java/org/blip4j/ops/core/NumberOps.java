package org.blip4j.ops.core;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * Arithmetic in which a number is written as a number: {@code ctx.mul(x, 0.5f)}. The number takes
 * the element type of the operand beside it.
 */
public abstract sealed class NumberOps permits ShapeOps {

  NumberOps() {}

  /** The operations, under this context's names, device and control dependencies. */
  public abstract Ops tf();

  /**
   * A scalar of the element type of an operand.
   *
   * @throws IllegalArgumentException if it is none of float32, float64, int32, int64, or cannot
   *     hold the number
   */
  public final <T extends TType> Operand<T> number(Operand<T> like, Number value) {
    Operand<?> scalar =
        switch (like.asOutput().dataType()) {
          case DT_FLOAT -> tf().constant(value.floatValue());
          case DT_DOUBLE -> tf().constant(value.doubleValue());
          case DT_INT64 -> tf().constant(value.longValue());
          case DT_INT32 -> tf().constant(Math.toIntExact(value.longValue()));
          default ->
              throw new IllegalArgumentException(
                  "no number beside %s of type %s; float32, float64, int32 and int64 take one"
                      .formatted(like.op().name(), like.asOutput().dataType()));
        };
    @SuppressWarnings("unchecked") // made in the operand's own type
    Operand<T> typed = (Operand<T>) scalar;
    return typed;
  }

  /** x + y with broadcasting, in the version of the operation that the platform fuses. */
  public final <T extends TNumber> Operand<T> add(Operand<T> x, Operand<T> y) {
    return tf().scope()
        .opBuilder("AddV2", "add")
        .addInput(x.asOutput())
        .addInput(y.asOutput())
        .build()
        .output(0);
  }

  /** x + y. */
  public final <T extends TNumber> Operand<T> add(Operand<T> x, Number y) {
    return add(x, number(x, y));
  }

  /** x - y with broadcasting. */
  public final <T extends TNumber> Operand<T> sub(Operand<T> x, Operand<T> y) {
    return tf().math.sub(x, y);
  }

  /** x - y. */
  public final <T extends TNumber> Operand<T> sub(Operand<T> x, Number y) {
    return tf().math.sub(x, number(x, y));
  }

  /** x - y. */
  public final <T extends TNumber> Operand<T> sub(Number x, Operand<T> y) {
    return tf().math.sub(number(y, x), y);
  }

  /** x y with broadcasting. */
  public final <T extends TNumber> Operand<T> mul(Operand<T> x, Operand<T> y) {
    return tf().math.mul(x, y);
  }

  /** x y. */
  public final <T extends TNumber> Operand<T> mul(Operand<T> x, Number y) {
    return tf().math.mul(x, number(x, y));
  }

  /** x / y with broadcasting. */
  public final <T extends TNumber> Operand<T> div(Operand<T> x, Operand<T> y) {
    return tf().math.div(x, y);
  }

  /** x / y. */
  public final <T extends TNumber> Operand<T> div(Operand<T> x, Number y) {
    return tf().math.div(x, number(x, y));
  }

  /** x / y, rounded down. */
  public final <T extends TNumber> Operand<T> floorDiv(Operand<T> x, Number y) {
    return tf().math.floorDiv(x, number(x, y));
  }

  /** The rest of x / y, with the sign of y. */
  public final <T extends TNumber> Operand<T> floorMod(Operand<T> x, Number y) {
    return tf().math.floorMod(x, number(x, y));
  }

  /** The larger of both. */
  public final <T extends TNumber> Operand<T> maximum(Operand<T> x, Number y) {
    return tf().math.maximum(x, number(x, y));
  }

  /** The smaller of both. */
  public final <T extends TNumber> Operand<T> minimum(Operand<T> x, Number y) {
    return tf().math.minimum(x, number(x, y));
  }

  /** x = y. */
  public final <T extends TNumber> Operand<TBool> equal(Operand<T> x, Number y) {
    return tf().math.equal(x, number(x, y));
  }

  /** x ≠ y. */
  public final <T extends TNumber> Operand<TBool> notEqual(Operand<T> x, Number y) {
    return tf().math.notEqual(x, number(x, y));
  }

  /** x &lt; y. */
  public final <T extends TNumber> Operand<TBool> less(Operand<T> x, Number y) {
    return tf().math.less(x, number(x, y));
  }

  /** x &lt;= y. */
  public final <T extends TNumber> Operand<TBool> lessEqual(Operand<T> x, Number y) {
    return tf().math.lessEqual(x, number(x, y));
  }

  /** x &gt; y. */
  public final <T extends TNumber> Operand<TBool> greater(Operand<T> x, Number y) {
    return tf().math.greater(x, number(x, y));
  }

  /** x &gt;= y. */
  public final <T extends TNumber> Operand<TBool> greaterEqual(Operand<T> x, Number y) {
    return tf().math.greaterEqual(x, number(x, y));
  }

  /** y where a condition holds, else x; all are broadcast. */
  public final <T extends TType> Operand<T> select(
      Operand<TBool> condition, Operand<T> y, Operand<T> x) {
    return tf().select(condition, y, x);
  }

  /** A number where a condition holds, else x. */
  public final <T extends TNumber> Operand<T> select(
      Operand<TBool> condition, Number y, Operand<T> x) {
    return tf().select(condition, number(x, y), x);
  }

  /** y where a condition holds, else a number. */
  public final <T extends TNumber> Operand<T> select(
      Operand<TBool> condition, Operand<T> y, Number x) {
    return tf().select(condition, y, number(y, x));
  }

  /** x, but at least one number and at most another. */
  public final <T extends TNumber> Operand<T> clip(Operand<T> x, Number least, Number most) {
    return tf().clipByValue(x, number(x, least), number(x, most));
  }

  /** The bits that a mask has, too. */
  public final <T extends TNumber> Operand<T> bitAnd(Operand<T> x, Number mask) {
    return tf().bitwise.bitwiseAnd(x, number(x, mask));
  }

  /** x / 2^bits, rounded down. */
  public final <T extends TNumber> Operand<T> shiftRight(Operand<T> x, Number bits) {
    return tf().bitwise.rightShift(x, number(x, bits));
  }

  /** 2^bits. */
  public final <T extends TNumber> Operand<T> powerOfTwo(Operand<T> bits) {
    return tf().bitwise.leftShift(number(bits, 1), bits);
  }
}
