package org.blip4j.training.run;

import java.util.ArrayList;
import java.util.List;

/**
 * Sums of diagnostics since the last log line; kept in checkpoints, so that a continued run logs
 * the very means of an unbroken one.
 *
 * @param steps number of steps summed
 * @param sums one for each diagnostic; empty if there is no step
 */
record MetricWindow(long steps, List<Double> sums) {
  static final MetricWindow EMPTY = new MetricWindow(0, List.of());

  MetricWindow plus(float[] values) {
    List<Double> next = new ArrayList<>(values.length);
    for (int i = 0; i < values.length; i++) {
      next.add((steps == 0 ? 0 : sums.get(i)) + values[i]);
    }
    return new MetricWindow(steps + 1, List.copyOf(next));
  }

  double mean(int diagnostic) {
    return sums.get(diagnostic) / (double) steps;
  }
}
