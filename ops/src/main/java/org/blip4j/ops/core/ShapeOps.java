package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.core.Gather;
import org.tensorflow.op.core.Max;
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.math.Cumsum;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.TopK;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * Operations over axes, with axes and sizes as numbers: {@code ctx.mean(x, -1)}. A negative axis
 * counts from the last one; a size of -1 in a shape is what follows from the others, in a slice the
 * rest.
 */
public abstract sealed class ShapeOps extends NumberOps permits GraphContext {

  ShapeOps() {}

  /** The elements in another shape. */
  public final <T extends TType> Operand<T> reshape(Operand<T> x, long... shape) {
    return tf().reshape(x, tf().constant(shape));
  }

  /** All elements in one axis. */
  public final <T extends TType> Operand<T> flat(Operand<T> x) {
    return reshape(x, -1);
  }

  /** The axes in another order. */
  public final <T extends TType> Operand<T> transpose(Operand<T> x, int... order) {
    return tf().linalg.transpose(x, tf().constant(order));
  }

  /** One more axis, of size 1, at a place. */
  public final <T extends TType> Operand<T> expandDims(Operand<T> x, int axis) {
    return tf().expandDims(x, tf().constant(axis));
  }

  /** Without an axis of size 1. */
  public final <T extends TType> Operand<T> squeeze(Operand<T> x, int axis) {
    return tf().squeeze(x, Squeeze.axis(List.of((long) axis)));
  }

  /** So many copies along each axis. */
  public final <T extends TType> Operand<T> tile(Operand<T> x, int... copies) {
    return tf().tile(x, tf().constant(copies));
  }

  /** One after the other along an axis. */
  @SafeVarargs
  @SuppressWarnings("varargs") // the array is only read
  public final <T extends TType> Operand<T> concat(int axis, Operand<T>... parts) {
    return concat(axis, List.of(parts));
  }

  /** One after the other along an axis. */
  public final <T extends TType> Operand<T> concat(
      int axis, List<? extends Operand<? extends T>> parts) {
    @SuppressWarnings("unchecked") // operands are only read
    Iterable<Operand<T>> list = (Iterable<Operand<T>>) (Iterable<?>) parts;
    return tf().concat(list, tf().constant(axis));
  }

  /** So many positions of one axis from a place on; -1 takes the rest. */
  public final <T extends TType> Operand<T> slice(Operand<T> x, int axis, int begin, int size) {
    int rank = x.shape().numDimensions();
    int[] sizes = new int[rank];
    Arrays.fill(sizes, -1);
    sizes[place(x, axis)] = size;
    return tf().slice(x, tf().constant(begins(x, axis, begin)), tf().constant(sizes));
  }

  /** So many positions of one axis from a place on, the number a scalar of the graph. */
  public final <T extends TType> Operand<T> slice(
      Operand<T> x, int axis, int begin, Operand<TInt32> size) {
    List<Operand<TInt32>> sizes = new ArrayList<>();
    for (int i = 0; i < x.shape().numDimensions(); i++) {
      sizes.add(i == place(x, axis) ? size : tf().constant(-1));
    }
    return tf().slice(x, tf().constant(begins(x, axis, begin)), tf().stack(sizes));
  }

  private static int[] begins(Operand<?> x, int axis, int begin) {
    int[] begins = new int[x.shape().numDimensions()];
    begins[place(x, axis)] = begin;
    return begins;
  }

  /** The entries of an axis at some places; the axes of {@code places} take its place. */
  public final <T extends TType> Operand<T> gather(
      Operand<T> x, Operand<? extends TNumber> places, int axis) {
    return tf().gather(x, places, tf().constant(place(x, axis)));
  }

  /** The entry of an axis at one place, without the axis. */
  public final <T extends TType> Operand<T> at(Operand<T> x, int place, int axis) {
    return tf().gather(x, tf().constant(place), tf().constant(place(x, axis)));
  }

  /** In each row of {@code x [B, N, ...]} the entries at its own places {@code [B, ...]}. */
  public final <T extends TType> Operand<T> gatherInRows(
      Operand<T> x, Operand<? extends TNumber> places) {
    return tf().gather(x, places, tf().constant(1), Gather.batchDims(1L));
  }

  /** The sum over an axis. */
  public final <T extends TType> Operand<T> sum(Operand<T> x, int axis) {
    return tf().reduceSum(x, tf().constant(place(x, axis)));
  }

  /** The sum over an axis, which stays with size 1. */
  public final <T extends TType> Operand<T> sumKept(Operand<T> x, int axis) {
    return tf().reduceSum(x, tf().constant(place(x, axis)), ReduceSum.keepDims(true));
  }

  /** The mean over an axis. */
  public final <T extends TType> Operand<T> mean(Operand<T> x, int axis) {
    return tf().math.mean(x, tf().constant(place(x, axis)));
  }

  /** The mean over an axis, which stays with size 1. */
  public final <T extends TType> Operand<T> meanKept(Operand<T> x, int axis) {
    return tf().math.mean(x, tf().constant(place(x, axis)), Mean.keepDims(true));
  }

  /** The largest over an axis. */
  public final <T extends TNumber> Operand<T> max(Operand<T> x, int axis) {
    return tf().max(x, tf().constant(place(x, axis)));
  }

  /** The largest over an axis, which stays with size 1. */
  public final <T extends TNumber> Operand<T> maxKept(Operand<T> x, int axis) {
    return tf().max(x, tf().constant(place(x, axis)), Max.keepDims(true));
  }

  /** The smallest over an axis. */
  public final <T extends TNumber> Operand<T> min(Operand<T> x, int axis) {
    return tf().min(x, tf().constant(place(x, axis)));
  }

  /** Whether all along an axis hold. */
  public final Operand<TBool> all(Operand<TBool> x, int axis) {
    return tf().all(x, tf().constant(place(x, axis)));
  }

  /** Whether any along an axis holds. */
  public final Operand<TBool> any(Operand<TBool> x, int axis) {
    return tf().any(x, tf().constant(place(x, axis)));
  }

  /** Running sums along an axis, each with its own entry. */
  public final <T extends TType> Operand<T> cumsum(Operand<T> x, int axis) {
    return tf().math.cumsum(x, tf().constant(place(x, axis)));
  }

  /** Running sums along an axis, each without its own entry. */
  public final <T extends TType> Operand<T> cumsumBefore(Operand<T> x, int axis) {
    return tf().math.cumsum(x, tf().constant(place(x, axis)), Cumsum.exclusive(true));
  }

  /** The place of the largest along an axis; of equal ones the first. */
  public final Operand<TInt64> argMax(Operand<? extends TNumber> x, int axis) {
    return tf().math.argMax(x, tf().constant(place(x, axis)));
  }

  /** The k largest along the last axis, from high to low; of equal ones the earlier first. */
  public final <T extends TNumber> TopK<T, TInt32> topK(Operand<T> x, int k) {
    return tf().nn.topK(x, tf().constant(k), TInt32.class);
  }

  /** The numbers from 0 up to a scalar, which is left out. */
  public final <T extends TNumber> Operand<T> range(Operand<T> end) {
    return tf().range(number(end, 0), end, number(end, 1));
  }

  /** The numbers from a scalar up to another, which is left out. */
  public final <T extends TNumber> Operand<T> range(Operand<T> begin, Operand<T> end) {
    return tf().range(begin, end, number(end, 1));
  }

  /** A tensor of one number. */
  public final Operand<TFloat32> fill(Operand<? extends TNumber> shape, float value) {
    return tf().fill(shape, tf().constant(value));
  }

  /** A tensor of one number. */
  public final Operand<TInt32> fill(Operand<? extends TNumber> shape, int value) {
    return tf().fill(shape, tf().constant(value));
  }

  /** A tensor of one number. */
  public final Operand<TInt64> fill(Operand<? extends TNumber> shape, long value) {
    return tf().fill(shape, tf().constant(value));
  }

  /** One number at each id's place of a further axis, another one beside it. */
  public final Operand<TFloat32> oneHot(
      Operand<? extends TNumber> ids, Operand<TInt32> depth, float on, float off) {
    return tf().oneHot(ids, depth, tf().constant(on), tf().constant(off));
  }

  /** One number at each id's place of a further axis, another one beside it. */
  public final Operand<TFloat32> oneHot(
      Operand<? extends TNumber> ids, int depth, float on, float off) {
    return oneHot(ids, tf().constant(depth), on, off);
  }

  private static int place(Operand<?> x, int axis) {
    return axis >= 0 ? axis : x.shape().numDimensions() + axis;
  }
}
