package org.blip4j.data.metric;

import com.google.common.base.Splitter;
import java.util.List;

/**
 * ROUGE-L of captions, as pycocoevalcap computes it (BLIP specification 10.2).
 *
 * <p>With LCS the longest common subsequence, P the largest LCS/length(caption) and R the largest
 * LCS/length(reference) over the references, each maximised on its own, and beta = 1.2: {@code (1 +
 * beta^2) P R / (R + beta^2 P)}, 0 if either is 0. Tokens are split at single spaces.
 */
public final class RougeL {
  private static final double BETA_SQUARED = 1.2 * 1.2;
  private static final Splitter SPACE = Splitter.on(' ');

  private RougeL() {}

  /** Mean over {@code items}. */
  public static double of(List<CaptionMetrics.CaptionItem> items) {
    if (items.isEmpty()) {
      throw new IllegalArgumentException("ROUGE-L of no caption is undefined; give at least one");
    }
    double sum = 0;
    for (CaptionMetrics.CaptionItem item : items) {
      sum += of(item);
    }
    return sum / items.size();
  }

  /** The score of one caption. */
  public static double of(CaptionMetrics.CaptionItem item) {
    List<String> candidate = SPACE.splitToList(item.candidate());
    double precision = 0;
    double recall = 0;
    for (String text : item.references()) {
      List<String> reference = SPACE.splitToList(text);
      double common = longestCommonSubsequence(candidate, reference);
      precision = Math.max(precision, common / candidate.size());
      recall = Math.max(recall, common / reference.size());
    }
    if (precision == 0 || recall == 0) {
      return 0;
    }
    return (1 + BETA_SQUARED) * precision * recall / (recall + BETA_SQUARED * precision);
  }

  private static int longestCommonSubsequence(List<String> left, List<String> right) {
    int[] above = new int[right.size() + 1];
    for (String word : left) {
      int[] row = new int[right.size() + 1];
      for (int i = 0; i < right.size(); i++) {
        row[i + 1] = word.equals(right.get(i)) ? above[i] + 1 : Math.max(above[i + 1], row[i]);
      }
      above = row;
    }
    return above[right.size()];
  }
}
