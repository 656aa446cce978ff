package org.blip4j.data.metric;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.data.text.TextWords;

/**
 * How varied texts are: how many different ones, and how many different runs of one, two and three
 * words there are (distinct-n of Li et al., A diversity-promoting objective function for neural
 * conversation models, 2016, as numbers beside the totals). Words as {@link TextWords} has them.
 *
 * <p>Counts are exact up to 260,000 different things and, beyond, estimates whose standard error is
 * about .3 %: adaptive sampling (Flajolet, 1990) keeps those things alone whose hash begins with so
 * many zeros that there is room for them. The order of the texts changes nothing.
 */
public final class TextDiversity {
  /** Longest run of words. */
  public static final int LONGEST = 3;

  /**
   * What was counted.
   *
   * @param texts all texts
   * @param distinct different ones
   * @param ngrams runs of one, two and three words
   * @param distinctNgrams different ones
   */
  public record Counts(
      long texts, long distinct, ImmutableList<Long> ngrams, ImmutableList<Long> distinctNgrams) {}

  private final Distinct different = new Distinct();
  private final Distinct[] runs = {new Distinct(), new Distinct(), new Distinct()};
  private final long[] totals = new long[LONGEST];
  private long texts;

  /** Counts a text. */
  public void add(String text) {
    texts++;
    List<String> words = TextWords.of(text);
    different.add(String.join(" ", words));
    for (int length = 1; length <= LONGEST; length++) {
      for (int start = 0; start + length <= words.size(); start++) {
        totals[length - 1]++;
        runs[length - 1].add(String.join(" ", words.subList(start, start + length)));
      }
    }
  }

  /** The counts so far. */
  public Counts counts() {
    return new Counts(
        texts,
        different.estimate(),
        Arrays.stream(totals).boxed().collect(ImmutableList.toImmutableList()),
        Arrays.stream(runs).map(Distinct::estimate).collect(ImmutableList.toImmutableList()));
  }

  /** A set of hashes of 64 bits that thins itself out by half when it is full. */
  static final class Distinct {
    private final int most;
    private long[] hashes = new long[1 << 8]; // 0 is a free place
    private int size;
    private int zeros;

    Distinct() {
      this(1 << 18);
    }

    /** Holds up to {@code most} hashes. */
    Distinct(int most) {
      this.most = most;
    }

    void add(String thing) {
      long hash = Math.max(1, TextWords.hash(thing).asLong() >>> 1);
      if (belongs(hash) && put(hash) && size > most) {
        zeros++;
        rebuild(hashes.length);
      } else if (2 * size > hashes.length) {
        rebuild(2 * hashes.length);
      }
    }

    /** Exact as long as nothing was thinned out. */
    long estimate() {
      return (long) size << zeros;
    }

    private boolean belongs(long hash) {
      return Long.numberOfLeadingZeros(hash) > zeros; // the first bit is none of the hash
    }

    private boolean put(long hash) {
      int mask = hashes.length - 1;
      int place = (int) (hash ^ hash >>> 32) & mask;
      while (hashes[place] != 0) {
        if (hashes[place] == hash) {
          return false;
        }
        place = (place + 1) & mask;
      }
      hashes[place] = hash;
      size++;
      return true;
    }

    private void rebuild(int length) {
      long[] old = hashes;
      hashes = new long[length];
      size = 0;
      for (long hash : old) {
        if (hash != 0 && belongs(hash)) {
          put(hash);
        }
      }
    }
  }
}
