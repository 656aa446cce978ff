package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.tfrecord.ShardSet;

/**
 * The data sets of a run and how often each is drawn from: one set without a name, or several with
 * names and weights.
 *
 * <p>Who is drawn from when is fixed: a pattern of {@value #PERIOD} draws, in which each set has
 * its share, spread evenly, is repeated. So after any number of draws the counts are within one
 * draw of the weights' shares (rounded to 1 in {@value #PERIOD}), and the number of draws alone
 * tells how far each set has been read. Each set has its own epochs.
 */
public record Mixture(ImmutableList<DataSet> sets) {
  /** Draws after which the pattern repeats. */
  static final int PERIOD = 10_000;

  private static final Pattern NAMED =
      Pattern.compile("([A-Za-z0-9_.-]+)=([0-9.]+(?:[eE][+-]?[0-9]+)?):(.+)", Pattern.DOTALL);

  /**
   * A data set.
   *
   * @param name empty for the only set
   * @param weight above 0; what counts is its share in the sum of all
   */
  public record DataSet(String name, double weight, ShardSet shards) {
    public DataSet {
      if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "data set \"%s\" has weight %s, it must be above 0".formatted(name, weight));
      }
    }
  }

  public Mixture {
    if (sets.isEmpty()) {
      throw new IllegalArgumentException("a mixture needs at least one data set");
    }
    if (sets.size() > 1) {
      long names = sets.stream().map(DataSet::name).distinct().count();
      if (names < sets.size() || sets.stream().anyMatch(set -> set.name().isEmpty())) {
        throw new IllegalArgumentException(
            "the data sets of a mixture need names of their own, NAME=WEIGHT:SHARDS");
      }
    }
  }

  /** One set. */
  public static Mixture of(ShardSet shards) {
    return new Mixture(ImmutableList.of(new DataSet("", 1, shards)));
  }

  /**
   * Finds the shards of patterns, see {@link ShardSet#find}; each may be {@code
   * NAME=WEIGHT:PATTERN}, and the patterns of one name are one set.
   *
   * @throws IllegalArgumentException if some have a name and others none, or a name has two weights
   * @throws IOException if a pattern matches nothing
   */
  public static Mixture find(List<String> patterns) throws IOException {
    Map<String, List<String>> named = new LinkedHashMap<>();
    Map<String, Double> weights = new LinkedHashMap<>();
    List<String> plain = new ArrayList<>();
    for (String pattern : patterns) {
      Matcher m = NAMED.matcher(pattern);
      if (!m.matches() || Files.exists(Path.of(pattern))) {
        plain.add(pattern);
        continue;
      }
      double weight = weight(pattern, m.group(2));
      Double other = weights.putIfAbsent(m.group(1), weight);
      if (other != null && other != weight) {
        throw new IllegalArgumentException(
            "data set %s has weight %s and weight %s; give one"
                .formatted(m.group(1), other, weight));
      }
      named.computeIfAbsent(m.group(1), name -> new ArrayList<>()).add(m.group(3));
    }
    if (named.isEmpty()) {
      return of(ShardSet.find(plain));
    }
    if (!plain.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has no name and weight but %s has; write NAME=WEIGHT:%s"
              .formatted(plain.get(0), named.keySet().iterator().next(), plain.get(0)));
    }
    ImmutableList.Builder<DataSet> sets = ImmutableList.builder();
    for (Map.Entry<String, List<String>> set : named.entrySet()) {
      sets.add(new DataSet(set.getKey(), weights.get(set.getKey()), ShardSet.find(set.getValue())));
    }
    return new Mixture(sets.build());
  }

  private static double weight(String pattern, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s: \"%s\" is not a weight; write NAME=WEIGHT:SHARDS such as web=0.3:web/*.tfrecord"
              .formatted(pattern, text),
          e);
    }
  }

  /** All shards, each as {@link #find} takes it. */
  public List<String> describe() {
    List<String> all = new ArrayList<>();
    for (DataSet set : sets) {
      String prefix = set.name().isEmpty() ? "" : set.name() + "=" + set.weight() + ":";
      set.shards().paths().forEach(path -> all.add(prefix + path));
    }
    return List.copyOf(all);
  }

  /** The set of each of {@value #PERIOD} draws. */
  int[] pattern() {
    int[] draws = draws();
    long[] due = new long[draws.length];
    int[] pattern = new int[PERIOD];
    for (int i = 0; i < PERIOD; i++) {
      int next = 0;
      for (int set = 0; set < draws.length; set++) {
        due[set] += draws[set];
        next = due[set] > due[next] ? set : next;
      }
      due[next] -= PERIOD;
      pattern[i] = next;
    }
    return pattern;
  }

  /** Draws from each set in a period: its share, at least 1; the sum is the period. */
  private int[] draws() {
    double sum = sets.stream().mapToDouble(DataSet::weight).sum();
    int[] draws = new int[sets.size()];
    int left = PERIOD;
    for (int i = 0; i < draws.length; i++) {
      draws[i] = Math.max(1, (int) (PERIOD * (sets.get(i).weight() / sum)));
      left -= draws[i];
    }
    while (left != 0) {
      int step = Integer.signum(left);
      int next = 0;
      double most = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < draws.length; i++) {
        double due = step * (PERIOD * (sets.get(i).weight() / sum) - draws[i]);
        if (due > most && draws[i] + step > 0) {
          most = due;
          next = i;
        }
      }
      draws[next] += step;
      left -= step;
    }
    return draws;
  }
}
