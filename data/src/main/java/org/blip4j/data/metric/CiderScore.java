package org.blip4j.data.metric;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * CIDEr of a set of captions: CIDEr-D as pycocoevalcap computes it, n = 1 to 4, without stemming
 * (BLIP specification 10.2).
 *
 * <p>An n-gram weighs count times idf, idf = ln(images) - ln(max(1, images whose references hold
 * it)), over the evaluated set. A caption h against a reference r scores, for each n, {@code sum_g
 * min(h_g, r_g) r_g / (|h| |r|)} times {@code exp(-d^2 / (2 * 6^2))} with d the difference of their
 * bigram totals; then mean over n, mean over references, times 10. The score of an item depends on
 * the whole set, and of a single image it is 0. Papers report it times 100.
 *
 * @param byItem one score per item, in the order given
 */
public record CiderScore(ImmutableList<Double> byItem) {
  private static final double SIGMA = 6;
  private static final double SCALE = 10;

  /** CIDEr of {@code items}, document frequencies taken from their own references. */
  public static CiderScore of(List<CaptionItem> items) {
    if (items.isEmpty()) {
      throw new IllegalArgumentException("CIDEr of no caption is undefined; give at least one");
    }
    List<List<NGrams>> references = new ArrayList<>();
    for (CaptionItem item : items) {
      references.add(item.references().stream().map(NGrams::of).toList());
    }
    Map<List<String>, Integer> images = imagesPerGram(references);
    double logImages = Math.log(items.size());
    ImmutableList.Builder<Double> scores = ImmutableList.builder();
    for (int i = 0; i < items.size(); i++) {
      Weights candidate = Weights.of(NGrams.of(items.get(i).candidate()), images, logImages);
      double sum = 0;
      for (NGrams reference : references.get(i)) {
        sum += candidate.similarity(Weights.of(reference, images, logImages));
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

  private static Map<List<String>, Integer> imagesPerGram(List<List<NGrams>> references) {
    Map<List<String>, Integer> images = new HashMap<>();
    for (List<NGrams> ofImage : references) {
      Set<List<String>> grams = new HashSet<>();
      for (NGrams reference : ofImage) {
        reference.counts().forEach(counts -> grams.addAll(counts.keySet()));
      }
      grams.forEach(gram -> images.merge(gram, 1, Integer::sum));
    }
    return images;
  }

  /**
   * A text's weighted n-grams.
   *
   * @param bySize n-gram to weight, first unigrams
   * @param norms Euclidean norm for each n
   * @param bigrams total of bigrams, the length that the penalty compares
   */
  private record Weights(List<Map<List<String>, Double>> bySize, List<Double> norms, int bigrams) {
    static Weights of(NGrams text, Map<List<String>, Integer> images, double logImages) {
      List<Map<List<String>, Double>> bySize = new ArrayList<>();
      List<Double> norms = new ArrayList<>();
      for (Map<List<String>, Integer> counts : text.counts()) {
        Map<List<String>, Double> weights = new HashMap<>();
        double squares = 0;
        for (Map.Entry<List<String>, Integer> gram : counts.entrySet()) {
          double idf = logImages - Math.log(Math.max(1, images.getOrDefault(gram.getKey(), 0)));
          double weight = gram.getValue() * idf;
          weights.put(gram.getKey(), weight);
          squares += weight * weight;
        }
        bySize.add(weights);
        norms.add(Math.sqrt(squares));
      }
      return new Weights(bySize, norms, Math.max(0, text.length() - 1));
    }

    double similarity(Weights reference) {
      double sum = 0;
      for (int n = 0; n < bySize.size(); n++) {
        double product = 0;
        for (Map.Entry<List<String>, Double> gram : bySize.get(n).entrySet()) {
          double other = reference.bySize.get(n).getOrDefault(gram.getKey(), 0.0);
          product += Math.min(gram.getValue(), other) * other;
        }
        double norm = norms.get(n) * reference.norms.get(n);
        sum += norm == 0 ? product : product / norm;
      }
      double gap = bigrams - reference.bigrams;
      return sum / bySize.size() * Math.exp(-gap * gap / (2 * SIGMA * SIGMA));
    }
  }
}
