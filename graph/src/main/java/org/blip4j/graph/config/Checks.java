package org.blip4j.graph.config;

/** Conditions on configuration values; every error names the field and its value. */
final class Checks {
  private Checks() {}

  static void positive(String field, double value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException(field + " is " + plain(value) + "; it must be positive");
    }
  }

  static void notNegative(String field, double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(
          field + " is " + plain(value) + "; it must not be negative");
    }
  }

  static void rate(String field, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(field + " is " + plain(value) + "; it must be in [0, 1)");
    }
  }

  static void heads(String part, int width, int heads) {
    positive(part + ".width", width);
    positive(part + ".heads", heads);
    if (width % heads != 0) {
      throw new IllegalArgumentException(
          part + ".width " + width + " is not a multiple of " + part + ".heads " + heads);
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
