package org.blip4j.ops.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Comparisons of tensor values that name the worst element. */
public final class TensorAssert {
  private TensorAssert() {}

  /** Fails unless every element is within an absolute tolerance; NaN is never accepted. */
  public static void assertClose(float[] expected, float[] actual, double tolerance) {
    assertEquals(expected.length, actual.length, "number of elements");
    int worst = 0;
    double largest = -1;
    for (int i = 0; i < expected.length; i++) {
      double deviation = Math.abs((double) expected[i] - actual[i]);
      if (!(deviation <= largest)) {
        largest = deviation;
        worst = i;
      }
    }
    assertTrue(
        largest <= tolerance,
        "element " + worst + ": expected " + expected[worst] + " but was " + actual[worst]);
  }
}
