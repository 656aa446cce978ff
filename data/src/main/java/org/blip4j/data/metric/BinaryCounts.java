package org.blip4j.data.metric;

import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

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

  /**
   * Area under the receiver operating characteristic: the probability that a random positive scores
   * above a random negative, ties counting one half; empty if all examples are of one class.
   *
   * @param scores one per example, higher means positive, no NaN
   * @param positive the truth of each example
   */
  public static OptionalDouble rocAuc(double[] scores, boolean[] positive) {
    double[] ones = new double[scores.length];
    Arrays.fill(ones, 1);
    return rocAuc(scores, positive, ones);
  }

  /**
   * The same where each example stands for several.
   *
   * @param weights how many each stands for, above 0
   */
  public static OptionalDouble rocAuc(double[] scores, boolean[] positive, double[] weights) {
    requirePaired(scores, positive);
    if (weights.length != scores.length) {
      throw new IllegalArgumentException(
          scores.length + " scores, but " + weights.length + " weights; give one for each");
    }
    int[] ascending =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> scores[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double inOrder = 0;
    double positives = 0;
    double negatives = 0;
    int start = 0;
    while (start < ascending.length) {
      int end = start;
      double positivesHere = 0;
      double negativesHere = 0;
      while (end < ascending.length && scores[ascending[end]] == scores[ascending[start]]) {
        int example = ascending[end];
        positivesHere += positive[example] ? weights[example] : 0;
        negativesHere += positive[example] ? 0 : weights[example];
        end++;
      }
      inOrder += positivesHere * (negatives + negativesHere / 2);
      positives += positivesHere;
      negatives += negativesHere;
      start = end;
    }
    if (positives == 0 || negatives == 0) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(inOrder / positives / negatives);
  }
}
