package org.blip4j.tools.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class CheckRowTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final Tolerance ORDINARY = new Tolerance(1e-4, 1e-4);

  @Test
  void boundIsTheLargerOfBoth() {
    assertTrue(compare(ORDINARY, values(1000.09, 0), values(1000, 0)).ok());
    assertFalse(compare(ORDINARY, values(1000.11, 0), values(1000, 0)).ok());
    assertTrue(compare(ORDINARY, values(0.00009), values(0)).ok());
    assertFalse(compare(ORDINARY, values(0.00011), values(0)).ok());
  }

  @Test
  void infinitiesMustStandWhereTheyAreExpectedAndDoNotWiden() {
    assertTrue(compare(ORDINARY, values(-INF, 1), values(-INF, 1)).ok());
    assertFalse(compare(ORDINARY, values(-INF, -INF), values(-INF, 1)).ok());
    assertFalse(compare(ORDINARY, values(-1e30, 1), values(-INF, 1)).ok());
    assertFalse(compare(ORDINARY, values(INF, 1), values(-INF, 1)).ok());
    assertFalse(compare(ORDINARY, values(-INF, 1.1), values(-INF, 1)).ok());
  }

  @Test
  void notANumberNeverPasses() {
    assertFalse(compare(ORDINARY, values(Double.NaN), values(0)).ok());
    assertFalse(compare(ORDINARY, values(0), values(Double.NaN)).ok());
    CheckRow row = compare(ORDINARY, values(Double.NaN), values(Double.NaN));
    assertFalse(row.ok());
    assertNull(row.deviation());
  }

  @Test
  void shapesAndAbsenceAreFailures() {
    Values flat = values(1, 2);
    Values column = new Values(new long[] {2, 1}, new double[] {1, 2});
    assertEquals("has shape [2], expected [2, 1]", compare(ORDINARY, flat, column).problem());
    assertEquals("was not computed", compare(ORDINARY, null, flat).problem());
  }

  @Test
  void exactTakesNothing() {
    assertTrue(compare(Tolerance.EXACT, values(3, 4), values(3, 4)).ok());
    CheckRow row = compare(Tolerance.EXACT, values(3, 4), values(3, 5));
    assertEquals(1, row.deviation());
    assertEquals("1 of 2 elements differ, most element [1]: 4, expected 5", row.problem());
  }

  @Test
  void worstIsMeasuredAgainstItsOwnBound() {
    double[] bounds = {1e-3, 1e-6};
    CheckRow row = CheckRow.compare("g", "t", values(5e-4, 2e-6), values(0, 0), bounds);
    assertFalse(row.ok());
    assertEquals(2e-6, row.deviation());
    assertEquals(1e-6, row.tolerance());
  }

  @Test
  void tolerancesAreReadByNameOrStar() throws IOException {
    var node =
        Golden.readJson(
            "test", "{\"*\":{\"absolute\":1e-4,\"relative_to_max\":2e-4},\"ids\":\"exact\"}");
    assertEquals(Tolerance.EXACT, Tolerance.of(node, "ids"));
    assertEquals(new Tolerance(1e-4, 2e-4), Tolerance.of(node, "logits"));
    IOException e =
        assertThrows(IOException.class, () -> Tolerance.of(Golden.readJson("test", "{}"), "x"));
    assertTrue(e.getMessage().contains("no tolerance for x"), e.getMessage());
  }

  private static CheckRow compare(Tolerance tolerance, Values actual, Values expected) {
    return CheckRow.compare("g", "t", actual, expected, tolerance);
  }

  private static Values values(double... data) {
    return new Values(new long[] {data.length}, data);
  }
}
