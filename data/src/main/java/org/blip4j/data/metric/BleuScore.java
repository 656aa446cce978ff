package org.blip4j.data.metric;

import com.google.common.collect.ImmutableList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * BLEU-1 to BLEU-4 of a set of captions, as pycocoevalcap computes it (BLIP specification 10.2).
 *
 * <p>Clipped n-gram matches against the largest count over the references, summed over all images;
 * the reference length of an image is the one closest to its caption's, the shorter on ties. With
 * {@code tiny = 1e-15} and {@code small = 1e-9}, {@code b_n = (prod_{k<=n} (correct_k + tiny) /
 * (guess_k + small))^(1/n)}, times {@code exp(1 - 1/ratio)} if the captions are shorter than their
 * references.
 *
 * @param byOrder BLEU-1 to BLEU-4
 */
public record BleuScore(ImmutableList<Double> byOrder) {
  private static final double TINY = 1e-15;
  private static final double SMALL = 1e-9;

  /** BLEU of all {@code items} together. One item alone gives its sentence BLEU. */
  public static BleuScore of(List<CaptionItem> items) {
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
    private final long[] correct = new long[NGrams.MAX_SIZE];
    private final long[] guess = new long[NGrams.MAX_SIZE];
    private long candidateLength;
    private long referenceLength;

    void add(CaptionItem item) {
      NGrams candidate = NGrams.of(item.candidate());
      List<NGrams> references = item.references().stream().map(NGrams::of).toList();
      candidateLength += candidate.length();
      referenceLength += closestLength(candidate.length(), references);
      for (int size = 1; size <= NGrams.MAX_SIZE; size++) {
        guess[size - 1] += Math.max(0, candidate.length() - size + 1);
        Map<List<String>, Integer> most = largestCounts(references, size);
        for (Map.Entry<List<String>, Integer> gram : candidate.ofSize(size).entrySet()) {
          correct[size - 1] += Math.min(gram.getValue(), most.getOrDefault(gram.getKey(), 0));
        }
      }
    }

    private static Map<List<String>, Integer> largestCounts(List<NGrams> references, int size) {
      Map<List<String>, Integer> most = new HashMap<>();
      for (NGrams reference : references) {
        reference.ofSize(size).forEach((gram, count) -> most.merge(gram, count, Math::max));
      }
      return most;
    }

    private static int closestLength(int length, List<NGrams> references) {
      int best = references.get(0).length();
      for (NGrams reference : references) {
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
      for (int order = 0; order < NGrams.MAX_SIZE; order++) {
        product *= (correct[order] + TINY) / (guess[order] + SMALL);
        scores.add(Math.pow(product, 1.0 / (order + 1)) * brevity);
      }
      return new BleuScore(scores.build());
    }
  }
}
