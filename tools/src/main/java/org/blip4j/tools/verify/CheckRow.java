package org.blip4j.tools.verify;

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
public record CheckRow(
    String name, String check, Double deviation, double tolerance, boolean ok, String problem) {
  public CheckRow {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(check, "check");
    if (ok != (problem == null)) {
      throw new IllegalArgumentException(check + ": a failed row says why, a passed one does not");
    }
  }

  /** A comparison that passed. */
  public static CheckRow passed(String name, String check, double deviation, double tolerance) {
    return new CheckRow(name, check, deviation, tolerance, true, null);
  }

  /** A comparison that found a deviation above the tolerance. */
  public static CheckRow deviates(
      String name, String check, double deviation, double tolerance, String problem) {
    Double finite = Double.isFinite(deviation) ? (Double) deviation : null;
    return new CheckRow(name, check, finite, tolerance, false, problem);
  }

  /** A comparison that could not be made: something is missing, mis-shaped or unreadable. */
  public static CheckRow failed(String name, String check, String problem) {
    return new CheckRow(name, check, null, 0, false, problem);
  }

  /** An exact comparison of texts. */
  static CheckRow texts(String name, String check, String actual, String expected) {
    return actual.equals(expected)
        ? passed(name, check, 0, 0)
        : deviates(name, check, 1, 0, "'" + actual + "', expected '" + expected + "'");
  }
}
