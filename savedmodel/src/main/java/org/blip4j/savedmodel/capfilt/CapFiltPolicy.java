package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonProperty;
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
public record CapFiltPolicy(boolean filter, double threshold, Texts texts, int keepTop, Rank rank) {
  /** Which texts a new set is made of ({@code --texts}). */
  public enum Texts {
    /** Only texts that came with the images; no captioner is needed. */
    @JsonProperty("web")
    web,
    /** Only texts that the captioner writes. */
    @JsonProperty("synthetic")
    synthetic,
    /** Both, each judged for itself. */
    @JsonProperty("both")
    both;

    /** Whether texts of this source take part. */
    public boolean includes(CapFiltText.Source source) {
      return this == both || (this == web) == (source == CapFiltText.Source.WEB);
    }
  }

  /** By which score several candidates of the captioner are ranked ({@code --rank}). */
  public enum Rank {
    /** The match probability of the image-grounded encoder. */
    @JsonProperty("itm")
    itm,
    /** The cosine of the contrastive features. */
    @JsonProperty("itc")
    itc
  }

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
    return new CapFiltPolicy(true, 0.5, Texts.both, 1, Rank.itm);
  }

  /** The same with another threshold. */
  public CapFiltPolicy withThreshold(double other) {
    return new CapFiltPolicy(filter, other, texts, keepTop, rank);
  }

  /** Decides on all texts of one image, in their order. */
  public ImmutableList<CapFiltText> decide(List<CapFiltText> all) {
    Set<CapFiltText> ranked = best(all);
    return all.stream()
        .map(text -> text.withKept(isKept(text, ranked)))
        .collect(ImmutableList.toImmutableList());
  }

  private boolean isKept(CapFiltText text, Set<CapFiltText> ranked) {
    return texts.includes(text.source())
        && (text.source() == CapFiltText.Source.WEB || ranked.contains(text))
        && (!filter || score(text, Rank.itm) >= threshold);
  }

  /** The synthetic texts that come before the filter, told apart by identity. */
  private Set<CapFiltText> best(List<CapFiltText> all) {
    Map<String, CapFiltText> distinct = new LinkedHashMap<>();
    for (CapFiltText text : all) {
      if (text.source() == CapFiltText.Source.SYNTHETIC) {
        distinct.putIfAbsent(text.text(), text);
      }
    }
    Set<CapFiltText> best = Collections.newSetFromMap(new IdentityHashMap<>());
    if (distinct.size() <= keepTop) {
      best.addAll(distinct.values());
    } else {
      distinct.values().stream()
          .sorted(Comparator.<CapFiltText>comparingDouble(text -> score(text, rank)).reversed())
          .limit(keepTop)
          .forEach(best::add);
    }
    return best;
  }

  private static float score(CapFiltText text, Rank rank) {
    Float score = rank == Rank.itm ? text.itmProbability() : text.itcCosine();
    if (score == null) {
      throw new IllegalArgumentException(
          "the text \"%s\" has no score; filtering and ranking need a filter"
              .formatted(text.text()));
    }
    return score;
  }
}
