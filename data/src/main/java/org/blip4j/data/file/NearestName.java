package org.blip4j.data.file;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that a misspelt one was most likely meant to be. */
public final class NearestName {
  private NearestName() {}

  /**
   * Returns the candidate with the fewest edits from {@code wrong} (insertions, deletions,
   * replacements and swaps of neighbours), or nothing if even that one is too far away to be a slip
   * of the fingers.
   */
  public static Optional<String> among(Collection<String> candidates, String wrong) {
    return candidates.stream()
        .filter(name -> edits(wrong, name) <= Math.max(2, wrong.length() / 3))
        .filter(name -> edits(wrong, name) < Math.max(name.length(), wrong.length()))
        .min(
            Comparator.<String>comparingInt(name -> edits(wrong, name))
                .thenComparing(Comparator.naturalOrder()));
  }

  private static int edits(String left, String right) {
    String a = left.toLowerCase(Locale.ROOT);
    String b = right.toLowerCase(Locale.ROOT);
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        cost[i][j] = i == 0 || j == 0 ? i + j : cheapest(cost, a, b, i, j);
      }
    }
    return cost[a.length()][b.length()];
  }

  private static int cheapest(int[][] cost, String a, String b, int i, int j) {
    boolean same = a.charAt(i - 1) == b.charAt(j - 1);
    int best = cost[i - 1][j - 1] + (same ? 0 : 1);
    best = Math.min(best, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
  }
}
