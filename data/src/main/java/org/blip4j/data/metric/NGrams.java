package org.blip4j.data.metric;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The words of a tokenised caption and how often each run of 1 to 4 of them occurs. Splits at any
 * Unicode white space as Python's {@code str.split()} does: a token may hold U+00A0.
 *
 * @param length number of words
 * @param counts by size, first unigrams: n-gram to its count, in order of first occurrence
 */
record NGrams(int length, ImmutableList<Map<List<String>, Integer>> counts) {
  static final int MAX_SIZE = 4;

  /** White space of Python: Unicode's, and the separators U+001C to U+001F. */
  private static final Splitter WORDS =
      Splitter.on(
              CharMatcher.whitespace()
                  .or(CharMatcher.inRange('\u001c', '\u001f'))
                  .or(CharMatcher.is('\u0085')))
          .omitEmptyStrings();

  static NGrams of(String caption) {
    List<String> words = WORDS.splitToList(caption);
    ImmutableList.Builder<Map<List<String>, Integer>> counts = ImmutableList.builder();
    for (int size = 1; size <= MAX_SIZE; size++) {
      Map<List<String>, Integer> ofSize = new LinkedHashMap<>();
      for (int start = 0; start + size <= words.size(); start++) {
        ofSize.merge(ImmutableList.copyOf(words.subList(start, start + size)), 1, Integer::sum);
      }
      counts.add(ofSize);
    }
    return new NGrams(words.size(), counts.build());
  }

  /** Counts of the n-grams of {@code size} words, 1 to 4. */
  Map<List<String>, Integer> ofSize(int size) {
    return counts.get(size - 1);
  }
}
