package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class WilsonIntervalTest {
  /** Values of R's {@code prop.test(correct = FALSE)}. */
  @Test
  void isThatOfTheBooks() {
    WilsonInterval seven = WilsonInterval.of(0.7, 10);
    assertEquals(0.3967781, seven.low(), 1e-6);
    assertEquals(0.8922087, seven.high(), 1e-6);
    WilsonInterval none = WilsonInterval.of(0, 20);
    assertEquals(0, none.low());
    assertEquals(0.1611252, none.high(), 1e-6);
    assertEquals(1, WilsonInterval.of(1, 5).high());
    assertEquals(new WilsonInterval(0, 0, 1), WilsonInterval.of(0, 0));
    assertThrows(IllegalArgumentException.class, () -> WilsonInterval.of(1.1, 5));
  }

  /** Two parts of a set, drawn from unequally: the weighted share is that of the whole set. */
  @Test
  void coversTheTruthOfWeightedSamples() {
    Random random = new Random(1);
    double truth = 0.9 * 0.2 + 0.1 * 0.8; // nine in ten are right in .2, the others in .8
    int covered = 0;
    double mean = 0;
    int rounds = 2000;
    for (int round = 0; round < rounds; round++) {
      WilsonInterval.Weighted sample = new WilsonInterval.Weighted();
      for (int i = 0; i < 100; i++) {
        boolean rare = i % 2 == 0;
        sample.add(rare ? 0.1 / 50 : 0.9 / 50, random.nextDouble() < (rare ? 0.8 : 0.2));
      }
      WilsonInterval interval = sample.interval();
      mean += interval.share() / rounds;
      covered += interval.low() <= truth && truth <= interval.high() ? 1 : 0;
    }
    assertEquals(truth, mean, 0.005);
    assertTrue(covered > 0.92 * rounds && covered < 0.99 * rounds, covered + " of " + rounds);
  }
}
