package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Which texts of an image are kept (paper section 3.3): each is judged for itself, none replaces
 * another, and one stays if its match probability reaches the threshold.
 *
 * <p>Of several candidates that the captioner wrote, equal ones count once, and only the best
 * {@code keepTop} come before the filter.
 *
 * @param filter whether texts are filtered at all
 * @param threshold least match probability of a kept text
 * @param texts which texts take part
 * @param keepTop how many of the captioner's candidates come before the filter
 * @param rank by which score the best candidates are found
 */
public record CapFiltPolicy(
    boolean filter, double threshold, TextChoice texts, int keepTop, Rank rank) {
  /** Refuses thresholds that are no probability. */
  public CapFiltPolicy {
    Objects.requireNonNull(texts, "texts is missing; use web, synthetic or both");
    Objects.requireNonNull(rank, "rank is missing; use itm or itc");
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          "threshold " + threshold + " is no probability; use a number from 0 to 1");
    }
    if (keepTop < 1) {
      throw new IllegalArgumentException("keep-top " + keepTop + " keeps nothing; use 1 or more");
    }
  }

  /** The published procedure: one synthetic text an image, both filtered at 0.5. */
  public static CapFiltPolicy published() {
    return new CapFiltPolicy(true, 0.5, TextChoice.both, 1, Rank.itm);
  }

  /** The same with another threshold. */
  public CapFiltPolicy withThreshold(double other) {
    return new CapFiltPolicy(filter, other, texts, keepTop, rank);
  }

  /** Decides on all texts of one image, in their order. */
  public ImmutableList<TextDecision> decide(List<ScoredText> all) {
    Set<ScoredText> ranked = best(all);
    return all.stream()
        .map(text -> new TextDecision(text, isKept(text, ranked)))
        .collect(ImmutableList.toImmutableList());
  }

  private boolean isKept(ScoredText text, Set<ScoredText> ranked) {
    return texts.includes(text.source())
        && (text.source() == TextSource.WEB || ranked.contains(text))
        && (!filter || text.required().itmProbability() >= threshold);
  }

  /** The synthetic texts that come before the filter, told apart by identity. */
  private Set<ScoredText> best(List<ScoredText> all) {
    Map<String, ScoredText> distinct = new LinkedHashMap<>();
    for (ScoredText text : all) {
      if (text.source() == TextSource.SYNTHETIC) {
        distinct.putIfAbsent(text.text(), text);
      }
    }
    Set<ScoredText> best = Collections.newSetFromMap(new IdentityHashMap<>());
    if (distinct.size() <= keepTop) {
      best.addAll(distinct.values());
    } else {
      distinct.values().stream()
          .sorted(
              Comparator.<ScoredText>comparingDouble(text -> rank.of(text.required())).reversed())
          .limit(keepTop)
          .forEach(best::add);
    }
    return best;
  }
}
