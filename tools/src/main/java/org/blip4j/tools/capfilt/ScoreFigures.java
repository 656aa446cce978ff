package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.blip4j.data.metric.TextDiversity;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.blip4j.savedmodel.capfilt.CapFiltText.Dropped;
import org.blip4j.savedmodel.capfilt.CapFiltText.Source;

/**
 * What helps a person to choose a threshold, gathered from the scores of a set: how they are
 * distributed, what each threshold would keep, which texts lie next to it, how varied those kept
 * are. Nothing depends on the order of the shards.
 */
public final class ScoreFigures {
  /** Thresholds that are counted for: all multiples of 1 / STEPS. */
  static final int STEPS = 200;

  private static final int BINS = 20;
  private static final int SHOWN = 12;

  /**
   * The figures.
   *
   * @param dropped numbers of dropped texts by the word of their reason
   * @param histogram numbers of scored texts by source, in {@value #BINS} equal parts of 0 to 1
   * @param keptByThreshold what some thresholds keep
   * @param diversity of kept texts by source, and of {@code all}
   * @param nearThreshold texts with scores next to their threshold, the nearest first
   */
  public record Figures(
      Map<String, CapFiltStats.BySource> dropped,
      Map<String, List<Long>> histogram,
      ImmutableList<KeptShare> keptByThreshold,
      Map<String, TextDiversity.Counts> diversity,
      ImmutableList<Near> nearThreshold) {}

  /**
   * What one threshold for all texts keeps, before rules over the whole set: shares of what all
   * other rules leave.
   *
   * @param threshold least match probability
   * @param web share of web texts
   * @param synthetic share of written texts
   * @param images share of images, of which at least one text stays
   */
  public record KeptShare(double threshold, double web, double synthetic, double images) {}

  /**
   * A text next to its threshold.
   *
   * @param shard its shard
   * @param index number of its record in the shard
   * @param key of its record
   * @param source who wrote it
   * @param text itself
   * @param itmProbability its score
   * @param kept whether it is kept
   */
  public record Near(
      String shard,
      long index,
      String key,
      String source,
      String text,
      float itmProbability,
      boolean kept) {}

  /**
   * A record that is shown.
   *
   * @param shard its shard
   * @param line its scores
   * @param rank what it was chosen by, the least first
   */
  record Chosen(String shard, ScoreLine line, double rank) {
    private static final Comparator<Chosen> ORDER =
        Comparator.comparingDouble(Chosen::rank)
            .thenComparing(Chosen::shard)
            .thenComparing(chosen -> chosen.line().index());
  }

  /** The first few of all that come, in any order. */
  private static final class Few {
    private final PriorityQueue<Chosen> last = new PriorityQueue<>(Chosen.ORDER.reversed());

    void add(Chosen one) {
      last.add(one);
      if (last.size() > SHOWN) {
        last.poll();
      }
    }

    ImmutableList<Chosen> sorted() {
      return ImmutableList.sortedCopyOf(Chosen.ORDER, last);
    }
  }

  private final CapFiltPolicy policy;
  private final Map<Dropped, CapFiltStats.BySource> dropped = new EnumMap<>(Dropped.class);
  private final Map<Source, long[]> all = new EnumMap<>(Source.class);
  private final Map<Source, long[]> open = new EnumMap<>(Source.class);
  private final long[] openImages = new long[STEPS + 1];
  private final Map<Source, Few> near = new EnumMap<>(Source.class);
  private final Map<Source, Few> worst = new EnumMap<>(Source.class);
  private final Few random = new Few();
  private final Map<String, TextDiversity> diversity = new TreeMap<>();

  ScoreFigures(CapFiltPolicy policy) {
    this.policy = policy;
    for (Source source : Source.values()) {
      all.put(source, new long[STEPS + 1]);
      open.put(source, new long[STEPS + 1]);
      near.put(source, new Few());
      worst.put(source, new Few());
      diversity.put(source.word(), new TextDiversity());
    }
    diversity.put("all", new TextDiversity());
  }

  /** Counts a readable record. */
  void add(String shard, ScoreLine line) {
    float best = -1;
    for (CapFiltText text : line.texts()) {
      if (text.kept()) {
        diversity.get(text.source().word()).add(text.text());
        diversity.get("all").add(text.text());
      } else {
        dropped.merge(
            text.reason(),
            new CapFiltStats.BySource(0, 0).plus(text.source()),
            (one, two) ->
                new CapFiltStats.BySource(
                    one.web() + two.web(), one.synthetic() + two.synthetic()));
      }
      Float score = text.itmProbability();
      if (score == null) {
        continue;
      }
      all.get(text.source())[step(score)]++;
      if (isOpen(text)) {
        open.get(text.source())[step(score)]++;
        best = Math.max(best, score);
        double distance = Math.abs(score - policy.threshold(text.source()));
        near.get(text.source()).add(new Chosen(shard, line, distance));
        worst.get(text.source()).add(new Chosen(shard, line, score));
      }
    }
    if (best >= 0) {
      openImages[step(best)]++;
    }
    String place = shard + "#" + line.index();
    int hash = Hashing.murmur3_32_fixed().hashString(place, StandardCharsets.UTF_8).asInt();
    random.add(new Chosen(shard, line, hash));
  }

  /** Whether the threshold is what decides on a text, as far as its own image goes. */
  static boolean isOpen(CapFiltText text) {
    return text.kept()
        || switch (text.reason()) {
          case THRESHOLD, SAME_PICTURE, SAME_TEXT, TOO_OFTEN -> true;
          default -> false;
        };
  }

  /** The last step whose threshold would still keep a score. */
  static int step(float score) {
    int step = Math.min(STEPS, (int) (score * STEPS) + 1);
    while ((double) step / STEPS > score) {
      step--;
    }
    return step;
  }

  /** The figures so far. */
  Figures figures() {
    ImmutableMap.Builder<String, List<Long>> histogram = ImmutableMap.builder();
    all.forEach((source, counts) -> histogram.put(source.word(), bins(counts)));
    ImmutableMap.Builder<String, CapFiltStats.BySource> reasons = ImmutableMap.builder();
    dropped.forEach((why, counts) -> reasons.put(why.word(), counts));
    ImmutableMap.Builder<String, TextDiversity.Counts> varied = ImmutableSortedMap.naturalOrder();
    diversity.forEach((name, texts) -> varied.put(name, texts.counts()));
    return new Figures(
        reasons.buildOrThrow(),
        histogram.buildOrThrow(),
        IntStream.range(0, BINS)
            .mapToObj(bin -> keptShare(bin * STEPS / BINS))
            .collect(ImmutableList.toImmutableList()),
        varied.buildOrThrow(),
        nearest());
  }

  private KeptShare keptShare(int step) {
    return new KeptShare(
        (double) step / STEPS,
        share(open.get(Source.WEB), step),
        share(open.get(Source.SYNTHETIC), step),
        share(openImages, step));
  }

  private static double share(long[] counts, int step) {
    long total = Arrays.stream(counts).sum();
    return total == 0 ? 0 : (double) Arrays.stream(counts).skip(step).sum() / total;
  }

  private static List<Long> bins(long[] counts) {
    int width = STEPS / BINS;
    List<Long> bins = new ArrayList<>();
    for (int bin = 0; bin < BINS; bin++) {
      int end = bin == BINS - 1 ? STEPS + 1 : (bin + 1) * width;
      bins.add(Arrays.stream(counts, bin * width, end).sum());
    }
    return bins;
  }

  private ImmutableList<Near> nearest() {
    ImmutableList.Builder<Near> nearest = ImmutableList.builder();
    near.forEach(
        (source, few) -> {
          for (Chosen chosen : few.sorted()) {
            chosen.line().texts().stream()
                .filter(text -> text.source() == source && text.itmProbability() != null)
                .min(
                    Comparator.comparingDouble(
                        text -> Math.abs(text.itmProbability() - policy.threshold(source))))
                .ifPresent(text -> nearest.add(near(chosen, text)));
          }
        });
    return nearest.build();
  }

  private static Near near(Chosen chosen, CapFiltText text) {
    return new Near(
        chosen.shard(),
        chosen.line().index(),
        chosen.line().key(),
        text.source().word(),
        text.text(),
        text.itmProbability(),
        text.kept());
  }

  /** Scored texts of a source by {@link #step}, those that only the threshold decides on. */
  long[] open(Source source) {
    return open.get(source).clone();
  }

  /** Images by the {@link #step} of the best of such texts. */
  long[] openImages() {
    return openImages.clone();
  }

  /** Records with a text of a source next to its threshold, the nearest first. */
  ImmutableList<Chosen> borderline(Source source) {
    return near.get(source).sorted();
  }

  /** Records with the texts of a source that match least. */
  ImmutableList<Chosen> worst(Source source) {
    return worst.get(source).sorted();
  }

  /** Some records. */
  ImmutableList<Chosen> random() {
    return random.sorted();
  }
}
