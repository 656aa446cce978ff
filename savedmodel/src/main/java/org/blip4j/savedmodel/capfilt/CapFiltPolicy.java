package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.blip4j.graph.config.Meaning;

/**
 * Which texts of an image are kept (paper section 3.3): each is judged for itself, none replaces
 * another, and one stays if its match probability reaches the threshold.
 *
 * <p>Of several candidates that the captioner wrote, equal ones count once, and only the best
 * {@code keepTop} come before the filter. Texts and pictures may have to obey {@link CapFiltRules},
 * too: those of a text or a picture by itself come before ranking and threshold, those over the
 * whole set last ({@link CapFiltRepeats}).
 *
 * @param filter whether texts are filtered at all
 * @param threshold least match probability of a kept text
 * @param texts which texts take part
 * @param keepTop how many of the captioner's candidates come before the filter
 * @param rank by which score the best candidates are found
 * @param thresholds other thresholds by the word of the source, {@code web} or {@code synthetic}
 * @param rules what needs no model
 * @see CapFiltStep
 */
public record CapFiltPolicy(
    boolean filter,
    double threshold,
    Texts texts,
    int keepTop,
    Rank rank,
    @Meaning(value = "other thresholds by source", absent = "{}") Map<String, Double> thresholds,
    @Meaning(value = "rules that need no model", absent = "{}") CapFiltRules rules) {
  /** Which texts a new set is made of. */
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

  /** By which score several candidates of the captioner are ranked. */
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
    Objects.requireNonNull(rules, "rules is missing");
    requireProbability(threshold);
    thresholds = ImmutableMap.copyOf(thresholds);
    thresholds.forEach(
        (source, other) -> {
          requireProbability(other);
          if (Arrays.stream(CapFiltText.Source.values()).noneMatch(s -> s.word().equals(source))) {
            throw new IllegalArgumentException(
                "texts of \"" + source + "\" are unknown; use web or synthetic");
          }
        });
    if (keepTop < 1) {
      throw new IllegalArgumentException("keep-top " + keepTop + " keeps nothing; use 1 or more");
    }
  }

  private static void requireProbability(double threshold) {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          "threshold " + threshold + " is no probability; use a number from 0 to 1");
    }
  }

  /** Without thresholds of their own for a source and without rules. */
  public CapFiltPolicy(boolean filter, double threshold, Texts texts, int keepTop, Rank rank) {
    this(filter, threshold, texts, keepTop, rank, ImmutableMap.of(), CapFiltRules.NONE);
  }

  /** The published procedure: one synthetic text an image, both filtered at 0.5. */
  public static CapFiltPolicy published() {
    return new CapFiltPolicy(true, 0.5, Texts.both, 1, Rank.itm);
  }

  /** The same with another threshold for all texts. */
  public CapFiltPolicy withThreshold(double other) {
    return new CapFiltPolicy(filter, other, texts, keepTop, rank, ImmutableMap.of(), rules);
  }

  /** The same with other rules. */
  public CapFiltPolicy withRules(CapFiltRules other) {
    return new CapFiltPolicy(filter, threshold, texts, keepTop, rank, thresholds, other);
  }

  /** The same over other texts. */
  public CapFiltPolicy withTexts(Texts others) {
    return new CapFiltPolicy(filter, threshold, others, keepTop, rank, thresholds, rules);
  }

  /** The same with or without a filter. */
  public CapFiltPolicy withFilter(boolean asked) {
    return new CapFiltPolicy(asked, threshold, texts, keepTop, rank, thresholds, rules);
  }

  /** The same with another number of candidates before the filter. */
  public CapFiltPolicy withKeepTop(int best) {
    return new CapFiltPolicy(filter, threshold, texts, best, rank, thresholds, rules);
  }

  /** The least match probability of a kept text of a source. */
  public double threshold(CapFiltText.Source source) {
    return thresholds.getOrDefault(source.word(), threshold);
  }

  /** Decides on all texts of one image, in their order, where no rule asks for the picture. */
  public List<CapFiltText> decide(List<CapFiltText> all) {
    return decide(all, Optional.empty());
  }

  /**
   * Decides on all texts of one image, in their order; what comes again in a set is not known here.
   *
   * @param picture what its rules ask; empty only if there are none
   */
  public List<CapFiltText> decide(List<CapFiltText> all, Optional<CapFiltPicture> picture) {
    boolean allowed =
        rules.picture().none()
            || rules
                .picture()
                .allows(
                    picture.orElseThrow(
                        () -> new IllegalArgumentException("nothing is known of the picture")));
    List<CapFiltText> open = new ArrayList<>();
    ImmutableList.Builder<CapFiltText> decided = ImmutableList.builder();
    for (CapFiltText text : all) {
      CapFiltText.Dropped broken =
          !texts.includes(text.source())
              ? CapFiltText.Dropped.SOURCE
              : allowed ? rules.text().broken(text.text()) : CapFiltText.Dropped.PICTURE;
      open.add(broken == null ? text.asKept() : text.asDropped(broken));
    }
    Set<CapFiltText> ranked = best(open);
    for (CapFiltText text : open) {
      decided.add(text.kept() ? filtered(text, ranked) : text);
    }
    return decided.build();
  }

  private CapFiltText filtered(CapFiltText text, Set<CapFiltText> ranked) {
    if (text.source() == CapFiltText.Source.SYNTHETIC && !ranked.contains(text)) {
      return text.asDropped(CapFiltText.Dropped.RANK);
    }
    return !filter || score(text, Rank.itm) >= threshold(text.source())
        ? text
        : text.asDropped(CapFiltText.Dropped.THRESHOLD);
  }

  /** The synthetic texts that come before the filter, told apart by identity. */
  private Set<CapFiltText> best(List<CapFiltText> open) {
    Map<String, CapFiltText> distinct = new LinkedHashMap<>();
    for (CapFiltText text : open) {
      if (text.kept() && text.source() == CapFiltText.Source.SYNTHETIC) {
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
