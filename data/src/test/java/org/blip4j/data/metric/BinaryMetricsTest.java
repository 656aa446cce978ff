package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BinaryMetricsTest {
  private static final boolean[] TRUTH = {true, true, false, false};

  @Test
  void areaOfKnownOrders() {
    assertEquals(1, area(4, 3, 2, 1));
    assertEquals(0, area(1, 2, 3, 4));
    assertEquals(0.5, area(1, 1, 1, 1));
    assertEquals(0.875, area(3, 2, 2, 1));
  }

  @Test
  void areaIsTheShareOfPairsInOrder() {
    Random random = new Random(1);
    double[] scores = random.doubles(200).map(x -> Math.rint(x * 20)).toArray();
    boolean[] positive = new boolean[200];
    double pairs = 0;
    double inOrder = 0;
    for (int i = 0; i < 200; i++) {
      positive[i] = random.nextInt(3) == 0;
    }
    for (int i = 0; i < 200; i++) {
      for (int j = 0; j < 200; j++) {
        if (positive[i] && !positive[j]) {
          pairs++;
          inOrder += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
        }
      }
    }
    assertEquals(inOrder / pairs, BinaryCounts.rocAuc(scores, positive).getAsDouble(), 1e-12);
  }

  @Test
  void anExampleOfWeightThreeIsThreeExamples() {
    double[] scores = {0.2, 0.6, 0.6, 0.9};
    boolean[] positive = {false, true, false, true};
    double[] repeated = {0.2, 0.2, 0.2, 0.6, 0.6, 0.9, 0.9};
    boolean[] their = {false, false, false, true, false, true, true};
    assertEquals(
        BinaryCounts.rocAuc(repeated, their).getAsDouble(),
        BinaryCounts.rocAuc(scores, positive, new double[] {3, 1, 1, 2}).getAsDouble(),
        1e-12);
  }

  @Test
  void oneClassAloneHasNoArea() {
    assertEquals(OptionalDouble.empty(), BinaryCounts.rocAuc(new double[] {1, 2}, new boolean[2]));
    assertEquals(OptionalDouble.empty(), BinaryCounts.rocAuc(new double[0], new boolean[0]));
  }

  @Test
  void countsAtThreshold() {
    BinaryCounts counts = BinaryCounts.of(new double[] {0.9, 0.4, 0.5, 0.1}, TRUTH, 0.5);
    assertEquals(new BinaryCounts(1, 1, 1, 1), counts);
    BinaryCounts uneven = new BinaryCounts(6, 2, 1, 3);
    assertEquals(0.75, uneven.precision());
    assertEquals(6 / 9.0, uneven.recall());
    assertEquals(7 / 12.0, uneven.accuracy());
    assertEquals(0, new BinaryCounts(0, 0, 1, 0).precision());
  }

  @Test
  void refusesBadInput() {
    Exception unpaired =
        assertThrows(
            IllegalArgumentException.class,
            () -> BinaryCounts.rocAuc(new double[] {1}, new boolean[2]));
    assertTrue(unpaired.getMessage().contains("1 scores, but 2 truths"), unpaired.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> BinaryCounts.of(new double[] {Double.NaN}, new boolean[1], 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> BinaryCounts.rocAuc(new double[1], new boolean[1], new double[2]));
    assertThrows(IllegalArgumentException.class, () -> new BinaryCounts(1, 0, 0, -1));
  }

  private static double area(double... scores) {
    return BinaryCounts.rocAuc(scores, TRUTH).getAsDouble();
  }
}
