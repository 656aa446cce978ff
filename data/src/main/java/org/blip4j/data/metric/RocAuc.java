package org.blip4j.data.metric;

import java.util.Comparator;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * Area under the receiver operating characteristic: the probability that a random positive scores
 * above a random negative, ties counting one half.
 */
public final class RocAuc {
  private RocAuc() {}

  /**
   * The area, or empty if all examples are of one class.
   *
   * @param scores one per example, higher means positive, no NaN
   * @param positive the truth of each example
   */
  public static OptionalDouble of(double[] scores, boolean[] positive) {
    BinaryCounts.requirePaired(scores, positive);
    int[] ascending =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> scores[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double rankSum = 0;
    long positives = 0;
    int start = 0;
    while (start < ascending.length) {
      int end = start;
      long positivesHere = 0;
      while (end < ascending.length && scores[ascending[end]] == scores[ascending[start]]) {
        positivesHere += positive[ascending[end]] ? 1 : 0;
        end++;
      }
      rankSum += positivesHere * (start + end + 1) / 2.0;
      positives += positivesHere;
      start = end;
    }
    long negatives = scores.length - positives;
    if (positives == 0 || negatives == 0) {
      return OptionalDouble.empty();
    }
    double lowest = positives * (positives + 1) / 2.0;
    return OptionalDouble.of((rankSum - lowest) / positives / negatives);
  }
}
