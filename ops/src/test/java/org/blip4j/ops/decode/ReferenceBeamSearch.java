package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/** Blip-spec 8.2 and 8.3 word by word, in plain Java, over a table as in {@link TableStep}. */
final class ReferenceBeamSearch {
  private final float[] table;
  private final int vocabulary;
  private final DecodingSettings.Beams settings;
  private final int end;

  private record Open(List<Integer> ids, double score) {}

  private record Finished(List<Integer> ids, double value) {}

  private record Candidate(double score, int beam, int token) {}

  ReferenceBeamSearch(float[] table, int vocabulary, DecodingSettings.Beams settings, int end) {
    this.table = table;
    this.vocabulary = vocabulary;
    this.settings = settings;
    this.end = end;
  }

  private final List<Finished> pool = new ArrayList<>();
  private double worst = 1e9;

  /** Ids with the end token, if it fits in, and then zeros. */
  long[] run(Integer... prompt) {
    int beams = settings.beams();
    int maximum = settings.lengths().maximum();
    List<Open> open = new ArrayList<>();
    for (int beam = 0; beam < beams; beam++) {
      open.add(new Open(List.of(prompt), beam == 0 ? 0 : -1e9));
    }
    boolean done = false;
    int n = prompt.length;
    while (n < maximum && !done) {
      List<Candidate> candidates = candidates(open);
      List<Open> next = new ArrayList<>();
      for (int rank = 0; next.size() < beams; rank++) {
        Candidate candidate = candidates.get(rank);
        List<Integer> ids = open.get(candidate.beam()).ids();
        if (candidate.token() == end) {
          if (rank < beams) {
            add(new Finished(ids, candidate.score() / finishedLength(n, prompt.length)));
          }
        } else {
          List<Integer> longer = new ArrayList<>(ids);
          longer.add(candidate.token());
          next.add(new Open(longer, candidate.score()));
        }
      }
      done =
          pool.size() == beams
              && worst >= candidates.get(0).score() / finishedLength(n, prompt.length);
      open = next;
      n++;
    }
    if (!done) {
      for (Open left : open) {
        boolean whole = settings.normalization() == LengthNormalization.WHOLE;
        add(new Finished(left.ids(), left.score() / (whole ? n : n - prompt.length)));
      }
    }
    List<Integer> best = best();
    long[] result = new long[maximum];
    Arrays.setAll(result, i -> i < best.size() ? best.get(i) : 0);
    if (best.size() < maximum) {
      result[best.size()] = end;
    }
    return result;
  }

  private List<Integer> best() {
    Finished best = pool.get(0);
    for (Finished other : pool) {
      best = other.value() >= best.value() ? other : best;
    }
    return best.ids();
  }

  private double finishedLength(int n, int promptLength) {
    return settings.normalization() == LengthNormalization.WHOLE ? n : n + 1 - promptLength;
  }

  private void add(Finished found) {
    if (pool.size() == settings.beams() && found.value() <= worst) {
      return;
    }
    pool.add(found);
    if (pool.size() > settings.beams()) {
      pool.remove(pool.stream().min(Comparator.comparingDouble(Finished::value)).orElseThrow());
      worst = pool.stream().mapToDouble(Finished::value).min().orElseThrow();
    } else {
      worst = Math.min(worst, found.value());
    }
  }

  private List<Candidate> candidates(List<Open> open) {
    List<Candidate> all = new ArrayList<>();
    for (int beam = 0; beam < open.size(); beam++) {
      List<Integer> ids = open.get(beam).ids();
      double[] scores = logProbs(ids);
      for (int token : new HashSet<>(ids)) {
        scores[token] *= settings.repetitionPenalty();
      }
      if (ids.size() < settings.lengths().minimum()) {
        scores[end] = Double.NEGATIVE_INFINITY;
      }
      for (int token = 0; token < vocabulary; token++) {
        all.add(new Candidate(scores[token] + open.get(beam).score(), beam, token));
      }
    }
    all.sort(Comparator.comparingDouble(Candidate::score).reversed());
    return all.subList(0, 2 * settings.beams());
  }

  private double[] logProbs(List<Integer> ids) {
    int last = ids.get(ids.size() - 1);
    int before = ids.get(Math.max(0, ids.size() - 2));
    int row = (before * vocabulary + last) * vocabulary;
    double sum = 0;
    for (int token = 0; token < vocabulary; token++) {
      sum += Math.exp(table[row + token]);
    }
    double[] result = new double[vocabulary];
    for (int token = 0; token < vocabulary; token++) {
      result[token] = table[row + token] - Math.log(sum);
    }
    return result;
  }
}
