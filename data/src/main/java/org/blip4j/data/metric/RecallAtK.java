package org.blip4j.data.metric;

import java.util.Arrays;
import java.util.List;

/**
 * Recall at k of a retrieval: the share of queries with a right item among their first k (BLIP
 * specification 10.1), and the other figures of ranks: median for video, mean and mean reciprocal
 * for dialogue (10.4).
 *
 * <p>The rank of a query is the number of wrong items that score no lower than its best right one:
 * counted from 0, and ties count as behind. So an item that no first stage proposed (all of these
 * score -100) is found only if the order of equal scores cannot matter.
 *
 * <pre>{@code
 * RecallAtK text = RecallAtK.of(scores, captionsOfImage); // scores [images][texts]
 * double r1 = text.share(1);
 * }</pre>
 */
public final class RecallAtK {
  private final int[] ranks;

  private RecallAtK(int[] ranks) {
    if (ranks.length == 0) {
      throw new IllegalArgumentException("recall of no query is undefined; give at least one");
    }
    this.ranks = ranks;
  }

  /** Recalls of queries whose ranks (counted from 0) are known. */
  public static RecallAtK ofRanks(int... ranks) {
    return new RecallAtK(ranks.clone());
  }

  /**
   * Ranks every row of {@code scores}.
   *
   * @param scores [queries][items], higher is better, no NaN
   * @param right for each query the indices of its right items, at least one
   */
  public static RecallAtK of(float[][] scores, List<int[]> right) {
    if (scores.length != right.size()) {
      throw new IllegalArgumentException(
          "scores have " + scores.length + " rows, but right items are given for " + right.size());
    }
    int[] ranks = new int[scores.length];
    for (int query = 0; query < ranks.length; query++) {
      ranks[query] = rank(scores[query], right.get(query), query);
    }
    return new RecallAtK(ranks);
  }

  private static int rank(float[] scores, int[] right, int query) {
    if (right.length == 0) {
      throw new IllegalArgumentException("query " + query + " has no right item; leave it out");
    }
    float best = Float.NEGATIVE_INFINITY;
    boolean[] isRight = new boolean[scores.length];
    for (int item : right) {
      if (item < 0 || item >= scores.length) {
        throw new IllegalArgumentException(
            "query " + query + ": right item " + item + " is not among the " + scores.length);
      }
      isRight[item] = true;
      best = Math.max(best, scores[item]);
    }
    int rank = 0;
    for (int item = 0; item < scores.length; item++) {
      if (Float.isNaN(scores[item])) {
        throw new IllegalArgumentException(
            "score of query " + query + ", item " + item + " is NaN");
      }
      if (!isRight[item] && scores[item] >= best) {
        rank++;
      }
    }
    return rank;
  }

  /** Rank of each query, 0 = first. */
  public int[] ranks() {
    return ranks.clone();
  }

  /** Share (0 to 1) of queries with a right item among the first {@code k}. */
  public double share(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("recall at " + k + " is undefined; k counts from 1");
    }
    return (double) Arrays.stream(ranks).filter(rank -> rank < k).count() / ranks.length;
  }

  /** {@link #share} in percent, as papers report it. */
  public double percent(int k) {
    return 100 * share(k);
  }

  /** Mean of the percentages at 1, 5 and 10. */
  public double meanPercent() {
    return (percent(1) + percent(5) + percent(10)) / 3;
  }

  /** Median rank counted from 1; the mean of the middle two for an even number of queries. */
  public double medianRank() {
    int[] sorted = ranks.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle] + 1.0
        : (sorted[middle - 1] + sorted[middle]) / 2.0 + 1;
  }

  /** Mean rank counted from 1. */
  public double meanRank() {
    return Arrays.stream(ranks).mapToDouble(rank -> rank + 1.0).average().orElseThrow();
  }

  /** Mean of one over the rank counted from 1, 0 to 1. */
  public double meanReciprocalRank() {
    return Arrays.stream(ranks).mapToDouble(rank -> 1 / (rank + 1.0)).average().orElseThrow();
  }
}
