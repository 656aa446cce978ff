package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/**
 * How far results may be from the expected ones: {@code |x - b| <= max(absolute, relativeToMax *
 * max|b|)}, the maximum over the finite elements of {@code b}; or not at all.
 *
 * @param absolute bound that always holds
 * @param relativeToMax bound as a share of the largest expected element
 */
record Tolerance(double absolute, double relativeToMax) {
  /** All elements equal. */
  static final Tolerance EXACT = new Tolerance(0, 0);

  /** The ordinary bound of forward results and scores, where a golden states none. */
  static final Tolerance FORWARD = new Tolerance(1e-4, 1e-4);

  /** The ordinary bound of losses. */
  static final Tolerance LOSS = new Tolerance(2e-5, 2e-5);

  Tolerance {
    if (!(absolute >= 0 && relativeToMax >= 0)) {
      throw new IllegalArgumentException(
          "tolerance %s, %s is negative or no number".formatted(absolute, relativeToMax));
    }
  }

  /** The bound for a tensor whose largest finite element has this size. */
  double bound(double largest) {
    return Math.max(absolute, relativeToMax * largest);
  }

  /**
   * Reads the bound of a tensor from the tolerance object in a {@code cases.json}: its own entry,
   * or that of {@code "*"}.
   */
  static Tolerance of(JsonNode tolerances, String tensor) throws IOException {
    JsonNode own = tolerances.path(tensor);
    return parse(tensor, own.isMissingNode() ? tolerances.path("*") : own);
  }

  static Tolerance parse(String tensor, JsonNode node) throws IOException {
    if (node.asText().equals("exact")) {
      return EXACT;
    }
    JsonNode absolute = node.path("absolute");
    JsonNode relative = node.path("relative_to_max");
    if (!absolute.isNumber() || !relative.isNumber()) {
      throw new IOException(
          "cases.json states no tolerance for %s; expected \"exact\" or absolute and relative_to_max"
              .formatted(tensor));
    }
    return new Tolerance(absolute.doubleValue(), relative.doubleValue());
  }
}
