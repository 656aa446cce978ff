package org.blip4j.tools.verify;

import java.util.Arrays;
import java.util.Objects;

/**
 * The outcome of one comparison.
 *
 * @param name the golden's name
 * @param check what was compared, a tensor's name as a rule
 * @param deviation the largest deviation, or the number of differing items of an exact comparison;
 *     null if nothing could be compared or an infinity or NaN differs
 * @param tolerance the largest deviation allowed
 * @param ok whether it passed
 * @param problem what was wrong, or null
 */
record CheckRow(
    String name, String check, Double deviation, double tolerance, boolean ok, String problem) {
  CheckRow {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(check, "check");
    if (ok != (problem == null)) {
      throw new IllegalArgumentException(check + ": a failed row says why, a passed one does not");
    }
  }

  /** A comparison that passed. */
  static CheckRow passed(String name, String check, double deviation, double tolerance) {
    return new CheckRow(name, check, deviation, tolerance, true, null);
  }

  /** A comparison that found a deviation above the tolerance. */
  static CheckRow deviates(
      String name, String check, double deviation, double tolerance, String problem) {
    Double finite = Double.isFinite(deviation) ? (Double) deviation : null;
    return new CheckRow(name, check, finite, tolerance, false, problem);
  }

  /** A comparison that could not be made: something is missing, mis-shaped or unreadable. */
  static CheckRow failed(String name, String check, String problem) {
    return new CheckRow(name, check, null, 0, false, problem);
  }

  /** Compares a tensor with one bound for all elements. */
  static CheckRow compare(
      String name, String check, Values actual, Values expected, Tolerance tolerance) {
    double[] bounds = new double[expected.data().length];
    Arrays.fill(bounds, tolerance.bound(expected.largest()));
    return compare(name, check, actual, expected, bounds);
  }

  /**
   * Compares a tensor with a bound of its own for each element: the same shape, the same
   * infinities, no NaN. The row tells the element that is worst in proportion to its bound.
   *
   * @param actual what was computed, or null if it was not
   */
  static CheckRow compare(
      String name, String check, Values actual, Values expected, double[] bounds) {
    if (actual == null) {
      return failed(name, check, "was not computed");
    }
    String shape = Arrays.toString(actual.shape());
    String wanted = Arrays.toString(expected.shape());
    if (!shape.equals(wanted)) {
      return failed(name, check, "has shape %s, expected %s".formatted(shape, wanted));
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
    if (wrong == 0) {
      return passed(name, check, worstDeviation, worst < 0 ? 0 : bounds[worst]);
    }
    String problem =
        "%d of %d elements differ, most element %s: %s, expected %s"
            .formatted(
                wrong,
                bounds.length,
                Arrays.toString(expected.index(worst)),
                number(actual.data()[worst]),
                number(expected.data()[worst]));
    return deviates(name, check, worstDeviation, bounds[worst], problem);
  }

  /** The distance of two numbers; NaN and unequal infinities are infinitely far from anything. */
  private static double deviation(double actual, double expected) {
    double distance = actual == expected ? 0 : Math.abs(actual - expected);
    return Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
  }

  private static boolean isWorse(double a, double boundOfA, double b, double boundOfB) {
    boolean aFails = a > boundOfA;
    if (aFails != b > boundOfB) {
      return aFails;
    }
    return a / Math.max(boundOfA, Double.MIN_NORMAL) > b / Math.max(boundOfB, Double.MIN_NORMAL);
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return whole ? Long.toString((long) value) : Float.toString((float) value);
  }
}
