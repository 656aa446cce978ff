package org.blip4j.tools.bench;

import java.util.List;

/**
 * How long each of several equal runs took.
 *
 * @param runs sorted, shortest first
 */
record Seconds(List<Double> runs) {
  Seconds {
    runs = runs.stream().sorted().toList();
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("no run was measured");
    }
  }

  static double of(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) * 1e-9;
  }

  double shortest() {
    return runs.get(0);
  }

  double median() {
    int middle = runs.size() / 2;
    return runs.size() % 2 == 1 ? runs.get(middle) : (runs.get(middle - 1) + runs.get(middle)) / 2;
  }

  double longest() {
    return runs.get(runs.size() - 1);
  }
}
