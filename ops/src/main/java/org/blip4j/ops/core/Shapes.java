package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/** Dimensions of operands: static where they are known, graph values otherwise. */
public final class Shapes {
  private Shapes() {}

  /**
   * Checks rank and static dimensions.
   *
   * @param what the name of the value in the error
   * @param expected one number per axis; -1 accepts any
   * @throws IllegalArgumentException naming the value, its shape and what was expected
   */
  public static <T extends TType> Operand<T> require(Operand<T> x, String what, long... expected) {
    Shape shape = x.shape();
    boolean fits = !shape.isUnknown() && shape.numDimensions() == expected.length;
    for (int i = 0; fits && i < expected.length; i++) {
      fits = expected[i] < 0 || shape.get(i) < 0 || shape.get(i) == expected[i];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          what + " has shape " + shape + "; expected " + Arrays.toString(expected));
    }
    return x;
  }

  /**
   * A static dimension.
   *
   * @throws IllegalArgumentException if it is not known when the graph is built
   */
  public static long known(Operand<?> x, int axis) {
    long size = x.shape().get(axis);
    if (size < 0) {
      throw new IllegalArgumentException(
          "axis " + axis + " of " + x.op().name() + x.shape() + " must be known; set its size");
    }
    return size;
  }

  /** One dimension as a scalar: a constant if it is known. */
  public static Operand<TInt32> dim(GraphContext ctx, Operand<?> x, int axis) {
    Ops tf = ctx.tf();
    long size = x.shape().isUnknown() ? -1 : x.shape().get(axis);
    if (size >= 0) {
      return tf.constant((int) size);
    }
    return ctx.at(tf.shape(x), axis, 0);
  }

  /**
   * Gives an operand another shape. Where at most one size is unknown, the shape is a constant:
   * then nothing is computed for it, and the static shape of the result is as complete as can be.
   */
  public static <T extends TType> Operand<T> reshape(
      GraphContext ctx, Operand<T> x, Part... parts) {
    Ops tf = ctx.tf();
    boolean constant = Arrays.stream(parts).filter(part -> part.size() < 0).count() <= 1;
    return tf.reshape(
        x,
        constant
            ? tf.constant(Arrays.stream(parts).mapToInt(Part::size).toArray())
            : of(ctx, parts));
  }

  /** A vector of numbers and scalar operands, such as a shape. */
  public static Operand<TInt32> of(GraphContext ctx, Part... parts) {
    Ops tf = ctx.tf();
    boolean constant = Arrays.stream(parts).allMatch(part -> part.value() == null);
    if (constant) {
      return tf.constant(Arrays.stream(parts).mapToInt(Part::size).toArray());
    }
    List<Operand<TInt32>> scalars = new ArrayList<>();
    for (Part part : parts) {
      scalars.add(part.value() == null ? tf.constant(part.size()) : part.value().get());
    }
    return tf.stack(scalars);
  }

  /**
   * One entry of a shape vector.
   *
   * @param size a number, or -1
   * @param value adds a scalar to the graph where the number is not known; null if it is
   */
  public record Part(int size, Supplier<Operand<TInt32>> value) {}

  /** A scalar of the graph. */
  public static Part value(Operand<TInt32> scalar) {
    return new Part(-1, () -> scalar);
  }

  /** A known size, or -1 for the one that follows from the others. */
  public static Part size(long size) {
    return new Part(Math.toIntExact(size), null);
  }

  /** The size of an axis of an operand. */
  public static Part sizeOf(GraphContext ctx, Operand<?> x, int axis) {
    long known = x.shape().isUnknown() ? -1 : x.shape().get(axis);
    return known >= 0 ? size(known) : new Part(-1, () -> dim(ctx, x, axis));
  }

  /** All but the last axis as one: {@code [..., W]} to {@code [N, W]}. */
  public static Operand<TFloat32> rows(GraphContext ctx, Operand<TFloat32> x) {
    int last = x.shape().numDimensions() - 1;
    return last == 1 ? x : ctx.reshape(x, -1, known(x, last));
  }
}
