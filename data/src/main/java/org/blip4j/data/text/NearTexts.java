package org.blip4j.data.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Tells whether a text is near to an earlier one: exactly, not by chance.
 *
 * <p>A text is the set of its different words and pairs of neighbouring words ({@link TextWords}).
 * Two are near if the Jaccard similarity of their sets, what they share over what either has, is at
 * least a limit. At .8 the last of ten words may be another one, and any one of fourteen.
 *
 * <p>All texts are {@link #count}ed first, then {@link #add}ed one by one. Two sets of a similarity
 * of {@code s} share one of the first {@code n - ceil(s n) + 1} of their {@code n} parts in any
 * order that is the same for all (Bayardo et al., Scaling up all pairs similarity search, 2007);
 * the rarest come first here, and only texts that share one of those are compared. About 150 bytes
 * are held for a text of ten words that was new.
 */
public final class NearTexts {
  private static final int COUNTERS = 1 << 22;

  /** So that no near text is lost to rounding. */
  private static final double ROUNDING = 1e-9;

  private final double similarity;
  private final int[] frequencies = new int[COUNTERS]; // of all parts with one hash together
  private final List<int[]> texts = new ArrayList<>(); // the new ones
  private final Postings postings = new Postings();

  /**
   * Makes an empty set of texts.
   *
   * @param similarity least Jaccard similarity of near texts, above 0, at most 1
   */
  public NearTexts(double similarity) {
    if (!(similarity > 0 && similarity <= 1)) {
      throw new IllegalArgumentException(
          "similarity " + similarity + " is not above 0 and at most 1; use 0.8, say");
    }
    this.similarity = similarity;
  }

  /** Counts the parts of a text, before any is added. */
  public void count(String text) {
    for (int part : TextWords.shingles(text)) {
      frequencies[part & (COUNTERS - 1)]++;
    }
  }

  /** Whether no text that was added and new is near to this one; it is added if so. */
  public boolean add(String text) {
    int[] parts = TextWords.shingles(text);
    int[] first = rarest(parts);
    if (hasNear(parts, first)) {
      return false;
    }
    texts.add(parts);
    for (int part : first) {
      postings.add(part, texts.size() - 1);
    }
    return true;
  }

  /**
   * Parts of which a near text has at least one among its own rarest; a text of no word has one.
   */
  private int[] rarest(int[] parts) {
    if (parts.length == 0) {
      return new int[] {0};
    }
    int length = parts.length - (int) Math.ceil(similarity * parts.length - ROUNDING) + 1;
    return IntStream.of(parts)
        .boxed()
        .sorted(
            Comparator.<Integer>comparingInt(part -> frequencies[part & (COUNTERS - 1)])
                .thenComparing(Comparator.naturalOrder()))
        .limit(length)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private boolean hasNear(int[] parts, int[] first) {
    for (int part : first) {
      for (int posting = postings.first(part); posting >= 0; posting = postings.next(posting)) {
        if (isNear(parts, texts.get(postings.text(posting)))) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isNear(int[] one, int[] two) {
    if (Math.min(one.length, two.length)
        < similarity * Math.max(one.length, two.length) - ROUNDING) {
      return false;
    }
    int shared = 0;
    int j = 0;
    for (int part : one) {
      while (j < two.length && two[j] < part) {
        j++;
      }
      shared += j < two.length && two[j] == part ? 1 : 0;
    }
    return shared >= similarity * (one.length + two.length - shared) - ROUNDING;
  }

  /** The texts of each part, as chains in arrays: millions of small lists would fill the memory. */
  private static final class Postings {
    private int[] heads = empty(1 << 10); // by hash of the part: its last posting
    private int[] parts = new int[1 << 10];
    private int[] texts = new int[1 << 10];
    private int[] before = new int[1 << 10];
    private int size;

    private static int[] empty(int length) {
      int[] all = new int[length];
      Arrays.fill(all, -1);
      return all;
    }

    /** The chain of a part also has those of others that fall on the same place. */
    int first(int part) {
      return same(part, heads[place(part)]);
    }

    int next(int posting) {
      return same(parts[posting], before[posting]);
    }

    int text(int posting) {
      return texts[posting];
    }

    private int same(int part, int posting) {
      int found = posting;
      while (found >= 0 && parts[found] != part) {
        found = before[found];
      }
      return found;
    }

    private int place(int part) {
      return (part * 0x9E3779B9) >>> Integer.numberOfLeadingZeros(heads.length - 1);
    }

    void add(int part, int text) {
      if (size == parts.length) {
        parts = Arrays.copyOf(parts, 2 * size);
        texts = Arrays.copyOf(texts, 2 * size);
        before = Arrays.copyOf(before, 2 * size);
        heads = empty(2 * size);
        for (int i = 0; i < size; i++) {
          link(i);
        }
      }
      parts[size] = part;
      texts[size] = text;
      link(size++);
    }

    private void link(int posting) {
      int place = place(parts[posting]);
      before[posting] = heads[place];
      heads[place] = posting;
    }
  }
}
