package org.blip4j.tools.quickstart;

import java.util.Locale;

/** Shares of 1: their check and their text. */
final class Shares {
  private Shares() {}

  static void require(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(name + " is " + share + "; a share lies between 0 and 1");
    }
  }

  /** Percent with one decimal and a point whatever the locale, such as "48.2 %". */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
