package org.blip4j.data.file;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.text.similarity.DamerauLevenshteinDistance;

/** Finds the name that a misspelt one was most likely meant to be. */
public final class NearestName {
  private record Candidate(String name, int edits) {}

  private NearestName() {}

  /**
   * Returns the candidate with the fewest edits from {@code wrong} (insertions, deletions,
   * replacements and swaps of neighbours, whatever the case), or nothing if even that one is too
   * far away to be a slip of the fingers.
   */
  public static Optional<String> among(Collection<String> candidates, String wrong) {
    int most = Math.max(2, wrong.length() / 3);
    DamerauLevenshteinDistance distance = new DamerauLevenshteinDistance(most);
    String lower = wrong.toLowerCase(Locale.ROOT);
    return candidates.stream()
        .map(name -> new Candidate(name, distance.apply(lower, name.toLowerCase(Locale.ROOT))))
        .filter(c -> c.edits() >= 0 && c.edits() < Math.max(c.name().length(), wrong.length()))
        .min(Comparator.comparingInt(Candidate::edits).thenComparing(Candidate::name))
        .map(Candidate::name);
  }
}
