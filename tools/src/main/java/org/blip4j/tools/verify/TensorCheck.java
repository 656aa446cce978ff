package org.blip4j.tools.verify;

import java.util.Arrays;

/**
 * Compares a tensor with its expected values: the same shape, the same infinities, no NaN, every
 * element within its bound.
 */
public final class TensorCheck {
  private TensorCheck() {}

  /** Compares with one bound for all elements. */
  public static CheckRow compare(
      String name, String check, Values actual, Values expected, Tolerance tolerance) {
    double[] bounds = new double[expected.data().length];
    Arrays.fill(bounds, tolerance.bound(expected.largest()));
    return compare(name, check, actual, expected, bounds);
  }

  /**
   * Compares with a bound of its own for each element. The row tells the element that is worst in
   * proportion to its bound.
   *
   * @param actual what was computed, or null if it was not
   */
  static CheckRow compare(
      String name, String check, Values actual, Values expected, double[] bounds) {
    if (actual == null) {
      return CheckRow.failed(name, check, "was not computed");
    }
    if (!Arrays.equals(actual.shape(), expected.shape())) {
      return CheckRow.failed(
          name,
          check,
          "has shape %s, expected %s"
              .formatted(Arrays.toString(actual.shape()), Arrays.toString(expected.shape())));
    }
    int worst = -1;
    double worstDeviation = 0;
    int wrong = 0;
    for (int i = 0; i < bounds.length; i++) {
      double deviation = deviation(actual.data()[i], expected.data()[i]);
      wrong += deviation <= bounds[i] ? 0 : 1;
      if (worst < 0 || isWorse(deviation, bounds[i], worstDeviation, bounds[worst])) {
        worst = i;
        worstDeviation = deviation;
      }
    }
    if (worst < 0) {
      return CheckRow.passed(name, check, 0, 0);
    }
    double bound = bounds[worst];
    return wrong == 0
        ? CheckRow.passed(name, check, worstDeviation, bound)
        : CheckRow.deviates(
            name,
            check,
            worstDeviation,
            bound,
            "%d of %d elements differ, most element %s: %s, expected %s"
                .formatted(
                    wrong,
                    bounds.length,
                    Arrays.toString(index(worst, expected.shape())),
                    number(actual.data()[worst]),
                    number(expected.data()[worst])));
  }

  /** The distance of two numbers; NaN and unequal infinities are infinitely far from anything. */
  private static double deviation(double actual, double expected) {
    if (actual == expected) {
      return 0;
    }
    double distance = Math.abs(actual - expected);
    return Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
  }

  private static boolean isWorse(double a, double boundOfA, double b, double boundOfB) {
    boolean aFails = a > boundOfA;
    boolean bFails = b > boundOfB;
    if (aFails != bFails) {
      return aFails;
    }
    return a / Math.max(boundOfA, Double.MIN_NORMAL) > b / Math.max(boundOfB, Double.MIN_NORMAL);
  }

  private static long[] index(int element, long[] shape) {
    long[] index = new long[shape.length];
    long rest = element;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return index;
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return whole ? Long.toString((long) value) : Float.toString((float) value);
  }
}
