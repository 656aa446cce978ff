package org.blip4j.graph.weights;

import java.util.Collection;
import java.util.Optional;

/** Finds the spelling that was most likely meant. */
final class NameDistance {
  private static final int MOST_COMPARED = 2000;

  private NameDistance() {}

  /** The candidate with the fewest changed letters, if these are less than a third of the name. */
  static Optional<String> nearest(String name, Collection<String> candidates) {
    Optional<String> nearest = Optional.empty();
    int best = name.length() / 3;
    if (candidates.size() > MOST_COMPARED) {
      return nearest;
    }
    for (String candidate : candidates) {
      int distance = distance(name, candidate);
      if (distance < best) {
        best = distance;
        nearest = Optional.of(candidate);
      }
    }
    return nearest;
  }

  private static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int change = from.charAt(i - 1) == to.charAt(j - 1) ? diagonal : diagonal + 1;
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j - 1], row[j]));
      }
    }
    return row[to.length()];
  }
}
