package org.blip4j.data.metric;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What generated captions are worth against the captions that people wrote: BLEU and CIDEr as the
 * published evaluation computes them.
 */
public final class CaptionMetrics {
  private CaptionMetrics() {}

  /**
   * One image's generated caption with the reference captions it is measured against, all
   * tokenised: lower-case tokens separated by single spaces, no punctuation.
   *
   * @param candidate the generated caption; may be empty
   * @param references at least one reference caption
   */
  public record CaptionItem(String candidate, ImmutableList<String> references) {
    /** Refuses an item that nothing can be compared with. */
    public CaptionItem {
      if (references.isEmpty()) {
        throw new IllegalArgumentException(
            "caption \"" + candidate + "\" has no reference; give at least one");
      }
    }

    /** An item whose references come as any list. */
    public static CaptionItem of(String candidate, List<String> references) {
      return new CaptionItem(candidate, ImmutableList.copyOf(references));
    }
  }

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
    static final Splitter WORDS =
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

  /**
   * BLEU-1 to BLEU-4 of a set of captions, as pycocoevalcap computes it (BLIP specification 10.2).
   *
   * <p>Clipped n-gram matches against the largest count over the references, summed over all
   * images; the reference length of an image is the one closest to its caption's, the shorter on
   * ties. With {@code tiny = 1e-15} and {@code small = 1e-9}, {@code b_n = (prod_{k<=n} (correct_k
   * + tiny) / (guess_k + small))^(1/n)}, times {@code exp(1 - 1/ratio)} if the captions are shorter
   * than their references.
   *
   * @param byOrder BLEU-1 to BLEU-4
   */
  public record BleuScore(ImmutableList<Double> byOrder) {
    private static final double TINY = 1e-15;
    private static final double SMALL = 1e-9;

    /** BLEU of all {@code items} together. One item alone gives its sentence BLEU. */
    public static BleuScore of(List<CaptionMetrics.CaptionItem> items) {
      Matches matches = new Matches();
      items.forEach(matches::add);
      return matches.score();
    }

    /** BLEU-{@code n} for n from 1 to 4. */
    public double bleu(int n) {
      if (n < 1 || n > byOrder.size()) {
        throw new IllegalArgumentException("BLEU-" + n + " is not computed; ask for 1 to 4");
      }
      return byOrder.get(n - 1);
    }

    /** Sums over images. */
    private static final class Matches {
      private final long[] correct = new long[CaptionMetrics.NGrams.MAX_SIZE];
      private final long[] guess = new long[CaptionMetrics.NGrams.MAX_SIZE];
      private long candidateLength;
      private long referenceLength;

      void add(CaptionMetrics.CaptionItem item) {
        CaptionMetrics.NGrams candidate = CaptionMetrics.NGrams.of(item.candidate());
        List<CaptionMetrics.NGrams> references =
            item.references().stream().map(CaptionMetrics.NGrams::of).toList();
        candidateLength += candidate.length();
        referenceLength += closestLength(candidate.length(), references);
        for (int size = 1; size <= CaptionMetrics.NGrams.MAX_SIZE; size++) {
          guess[size - 1] += Math.max(0, candidate.length() - size + 1);
          Map<List<String>, Integer> most = largestCounts(references, size);
          for (Map.Entry<List<String>, Integer> gram : candidate.ofSize(size).entrySet()) {
            correct[size - 1] += Math.min(gram.getValue(), most.getOrDefault(gram.getKey(), 0));
          }
        }
      }

      private static Map<List<String>, Integer> largestCounts(
          List<CaptionMetrics.NGrams> references, int size) {
        Map<List<String>, Integer> most = new HashMap<>();
        for (CaptionMetrics.NGrams reference : references) {
          reference.ofSize(size).forEach((gram, count) -> most.merge(gram, count, Math::max));
        }
        return most;
      }

      private static int closestLength(int length, List<CaptionMetrics.NGrams> references) {
        int best = references.get(0).length();
        for (CaptionMetrics.NGrams reference : references) {
          int gap = Math.abs(reference.length() - length) - Math.abs(best - length);
          if (gap < 0 || (gap == 0 && reference.length() < best)) {
            best = reference.length();
          }
        }
        return best;
      }

      BleuScore score() {
        double ratio = (candidateLength + TINY) / (referenceLength + SMALL);
        double brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
        double product = 1;
        ImmutableList.Builder<Double> scores = ImmutableList.builder();
        for (int order = 0; order < CaptionMetrics.NGrams.MAX_SIZE; order++) {
          product *= (correct[order] + TINY) / (guess[order] + SMALL);
          scores.add(Math.pow(product, 1.0 / (order + 1)) * brevity);
        }
        return new BleuScore(scores.build());
      }
    }
  }

  /**
   * CIDEr of a set of captions: CIDEr-D as pycocoevalcap computes it, n = 1 to 4, without stemming
   * (BLIP specification 10.2).
   *
   * <p>An n-gram weighs count times idf, idf = ln(images) - ln(max(1, images whose references hold
   * it)), over the evaluated set. A caption h against a reference r scores, for each n, {@code
   * sum_g min(h_g, r_g) r_g / (|h| |r|)} times {@code exp(-d^2 / (2 * 6^2))} with d the difference
   * of their bigram totals; then mean over n, mean over references, times 10. The score of an item
   * depends on the whole set, and of a single image it is 0. Papers report it times 100.
   *
   * @param byItem one score per item, in the order given
   */
  public record CiderScore(ImmutableList<Double> byItem) {
    private static final double SCALE = 10;

    /** CIDEr of {@code items}, document frequencies taken from their own references. */
    public static CiderScore of(List<CaptionMetrics.CaptionItem> items) {
      if (items.isEmpty()) {
        throw new IllegalArgumentException("CIDEr of no caption is undefined; give at least one");
      }
      CiderGrams grams = new CiderGrams();
      List<List<CiderGrams.Numbers>> references = new ArrayList<>();
      for (CaptionMetrics.CaptionItem item : items) {
        references.add(item.references().stream().map(grams::of).toList());
      }
      List<CiderGrams.Numbers> candidates =
          items.stream().map(item -> grams.of(item.candidate())).toList();
      double[] idf = grams.idf(references);
      ImmutableList.Builder<Double> scores = ImmutableList.builder();
      for (int i = 0; i < items.size(); i++) {
        CiderGrams.Weights candidate = CiderGrams.Weights.of(candidates.get(i), idf);
        double sum = 0;
        for (CiderGrams.Numbers reference : references.get(i)) {
          sum += candidate.similarity(CiderGrams.Weights.of(reference, idf));
        }
        scores.add(SCALE * sum / references.get(i).size());
      }
      return new CiderScore(scores.build());
    }

    /** Mean over the items. */
    public double mean() {
      double sum = 0;
      for (double score : byItem) {
        sum += score;
      }
      return sum / byItem.size();
    }
  }
}
