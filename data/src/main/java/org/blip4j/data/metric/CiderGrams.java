package org.blip4j.data.metric;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Captions as numbers of their n-grams, for CIDEr of large sets: the number of the first n - 1
 * words and the last word tell an n-gram.
 */
final class CiderGrams {
  private static final double SIGMA = 6;

  /**
   * A text as numbers of its n-grams.
   *
   * @param bySize the different ones, ascending, first unigrams
   * @param counts how often each occurs
   * @param bigrams total of bigrams, the length that the penalty compares
   */
  @SuppressWarnings("ArrayRecordComponent") // counted as they are; equality is not used
  record Numbers(int[][] bySize, int[][] counts, int bigrams) {}

  /**
   * A text's weighted n-grams.
   *
   * @param norms Euclidean norm for each n
   */
  @SuppressWarnings("ArrayRecordComponent") // as above
  record Weights(Numbers text, double[][] bySize, double[] norms) {
    static Weights of(Numbers text, double[] idf) {
      double[][] bySize = new double[text.bySize().length][];
      double[] norms = new double[bySize.length];
      for (int n = 0; n < bySize.length; n++) {
        int[] grams = text.bySize()[n];
        bySize[n] = new double[grams.length];
        double squares = 0;
        for (int i = 0; i < grams.length; i++) {
          double weight = text.counts()[n][i] * idf[grams[i]];
          bySize[n][i] = weight;
          squares += weight * weight;
        }
        norms[n] = Math.sqrt(squares);
      }
      return new Weights(text, bySize, norms);
    }

    double similarity(Weights reference) {
      double sum = 0;
      for (int n = 0; n < bySize.length; n++) {
        double product = product(n, reference);
        double norm = norms[n] * reference.norms[n];
        sum += norm == 0 ? product : product / norm;
      }
      double gap = text.bigrams() - reference.text.bigrams();
      return sum / bySize.length * Math.exp(-gap * gap / (2 * SIGMA * SIGMA));
    }

    private double product(int n, Weights reference) {
      int[] own = text.bySize()[n];
      int[] others = reference.text.bySize()[n];
      double product = 0;
      for (int i = 0, j = 0; i < own.length && j < others.length; ) {
        if (own[i] == others[j]) {
          double other = reference.bySize[n][j++];
          product += Math.min(bySize[n][i++], other) * other;
        } else if (own[i] < others[j]) {
          i++;
        } else {
          j++;
        }
      }
      return product;
    }
  }

  private final Map<String, Integer> words = new HashMap<>();
  private final Map<Long, Integer> grams = new HashMap<>();

  Numbers of(String caption) {
    int[] word =
        CaptionMetrics.NGrams.WORDS
            .splitToStream(caption)
            .mapToInt(text -> words.computeIfAbsent(text, unused -> words.size()))
            .toArray();
    int[][] bySize = new int[CaptionMetrics.NGrams.MAX_SIZE][];
    int[][] counts = new int[CaptionMetrics.NGrams.MAX_SIZE][];
    int[] all = new int[word.length];
    Arrays.fill(all, -1);
    for (int n = 0; n < bySize.length; n++) {
      int total = Math.max(0, word.length - n);
      for (int i = 0; i < total; i++) {
        long key = (all[i] + 1L) << Integer.SIZE | word[i + n];
        all[i] = grams.computeIfAbsent(key, unused -> grams.size());
      }
      count(Arrays.copyOf(all, total), n, bySize, counts);
    }
    return new Numbers(bySize, counts, Math.max(0, word.length - 1));
  }

  private static void count(int[] grams, int n, int[][] bySize, int[][] counts) {
    Arrays.sort(grams);
    int different = 0;
    int[] count = new int[grams.length];
    for (int i = 0; i < grams.length; i++) {
      different += i > 0 && grams[i] == grams[i - 1] ? 0 : 1;
      grams[different - 1] = grams[i];
      count[different - 1]++;
    }
    bySize[n] = Arrays.copyOf(grams, different);
    counts[n] = Arrays.copyOf(count, different);
  }

  /** The idf of each n-gram. */
  double[] idf(List<List<Numbers>> references) {
    int[] images = new int[grams.size()];
    int[] last = new int[grams.size()];
    for (int image = 1; image <= references.size(); image++) {
      for (Numbers reference : references.get(image - 1)) {
        for (int[] ofSize : reference.bySize()) {
          for (int gram : ofSize) {
            images[gram] += last[gram] == image ? 0 : 1;
            last[gram] = image;
          }
        }
      }
    }
    double logImages = Math.log(references.size());
    return Arrays.stream(images)
        .mapToDouble(holding -> logImages - Math.log(Math.max(1, holding)))
        .toArray();
  }
}
