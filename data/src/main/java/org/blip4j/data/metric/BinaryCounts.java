package org.blip4j.data.metric;

/**
 * How often a yes-no decision was right: the four counts and the usual figures from them.
 *
 * @param truePositives decided yes, and it was
 * @param falsePositives decided yes, but it was not
 * @param trueNegatives decided no, and it was not
 * @param falseNegatives decided no, but it was
 */
public record BinaryCounts(
    long truePositives, long falsePositives, long trueNegatives, long falseNegatives) {
  /** Refuses negative counts. */
  public BinaryCounts {
    if (Math.min(Math.min(truePositives, falsePositives), Math.min(trueNegatives, falseNegatives))
        < 0) {
      throw new IllegalArgumentException("counts must not be negative");
    }
  }

  /**
   * Counts decisions "score at least {@code threshold}".
   *
   * @param scores one per example, no NaN
   * @param positive the truth of each example
   */
  public static BinaryCounts of(double[] scores, boolean[] positive, double threshold) {
    requirePaired(scores, positive);
    long[] counts = new long[4];
    for (int i = 0; i < scores.length; i++) {
      counts[(scores[i] >= threshold ? 0 : 2) + (positive[i] ? 0 : 1)]++;
    }
    return new BinaryCounts(counts[0], counts[1], counts[3], counts[2]);
  }

  /** Share of right ones among those decided yes; 0 if there are none. */
  public double precision() {
    return share(truePositives, truePositives + falsePositives);
  }

  /** Share of those decided yes among the right ones; 0 if there are none. */
  public double recall() {
    return share(truePositives, truePositives + falseNegatives);
  }

  /** Share of right decisions; 0 if there are none. */
  public double accuracy() {
    return share(truePositives + trueNegatives, total());
  }

  /** Number of decisions. */
  public long total() {
    return truePositives + falsePositives + trueNegatives + falseNegatives;
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  static void requirePaired(double[] scores, boolean[] positive) {
    if (scores.length != positive.length) {
      throw new IllegalArgumentException(
          scores.length + " scores, but " + positive.length + " truths; give one for each");
    }
    for (int i = 0; i < scores.length; i++) {
      if (Double.isNaN(scores[i])) {
        throw new IllegalArgumentException("score " + i + " is NaN");
      }
    }
  }
}
