package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.SetMultimap;
import com.google.common.collect.TreeMultimap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.savedmodel.capfilt.CapFiltText.Source;
import org.blip4j.tools.report.LineChart;
import org.blip4j.tools.report.LineChart.Color;
import org.blip4j.tools.report.ReportPage;

/**
 * The content of {@code report.html}: what was kept of a set and what another threshold would keep,
 * with pictures. Equal results give equal pages, whoever worked; speeds are not on it.
 *
 * @param stats totals
 * @param images readable ones
 * @param webThreshold least match probability of a kept web text
 * @param syntheticThreshold the same for written texts
 * @param charts how scores are distributed
 * @param groups pictures with their texts
 * @param counts what each threshold would keep, as JSON; empty where nothing was scored
 */
public record CapFiltReport(
    CapFiltStats stats,
    long images,
    double webThreshold,
    double syntheticThreshold,
    ImmutableList<LineChart> charts,
    ImmutableList<Group> groups,
    String counts) {
  private static final int SIDE = 120;
  private static final int LARGE = 240;

  /**
   * Pictures that have something in common.
   *
   * @param title such as "Borderline web texts"
   * @param note what was chosen and how
   */
  public record Group(String title, String note, ImmutableList<Card> cards) {}

  /**
   * A picture with its texts.
   *
   * @param picture source of the image; empty if it cannot be shown
   */
  public record Card(String key, String shard, String picture, ImmutableList<Said> texts) {}

  /**
   * A text.
   *
   * @param score its match probability; negative if it was not scored
   * @param cosine of the contrastive features
   * @param dropped why it is not kept; empty if it is
   * @param open whether the threshold decides on it
   */
  public record Said(
      String source,
      String text,
      double score,
      double cosine,
      boolean kept,
      String dropped,
      boolean open) {}

  /** Gathers what is shown; pictures are read from the input shards. */
  static CapFiltReport of(
      CapFiltStats stats, ScoreFigures figures, CapFiltPlan plan, ExampleCodec codec)
      throws IOException {
    Pictures pictures = new Pictures(plan.shards(), codec);
    boolean scored = plan.settings().scores();
    ImmutableList.Builder<Group> groups = ImmutableList.builder();
    if (scored) {
      groups.add(
          pictures.group(
              "Borderline web texts",
              "Their scores are next to the threshold.",
              figures.borderline(Source.WEB)),
          pictures.group(
              "Borderline synthetic texts",
              "Their scores are next to the threshold.",
              figures.borderline(Source.SYNTHETIC)),
          pictures.group(
              "The worst web texts",
              "Those that match least. Are they really wrong?",
              figures.worst(Source.WEB)),
          pictures.group(
              "The worst synthetic texts",
              "Those that match least. Are they really wrong?",
              figures.worst(Source.SYNTHETIC)));
    }
    groups.add(
        pictures.group("At random", "Some pictures, whatever became of them.", figures.random()));
    return new CapFiltReport(
        stats,
        stats.totals().read() - stats.totals().unreadable(),
        plan.settings().policy().threshold(Source.WEB),
        plan.settings().policy().threshold(Source.SYNTHETIC),
        scored ? histogram(stats.scores()) : ImmutableList.of(),
        groups.build().stream()
            .filter(group -> !group.cards().isEmpty())
            .collect(ImmutableList.toImmutableList()),
        scored ? counts(figures) : "");
  }

  private static ImmutableList<LineChart> histogram(ScoreFigures.Figures scores) {
    ImmutableList.Builder<LineChart.Curve> curves = ImmutableList.builder();
    scores
        .histogram()
        .forEach(
            (source, bins) -> {
              TreeMap<Integer, Double> points = new TreeMap<>();
              for (int bin = 0; bin < bins.size(); bin++) {
                points.put((100 * bin + 50) / bins.size(), (double) bins.get(bin));
              }
              if (bins.stream().anyMatch(count -> count > 0)) {
                boolean web = source.equals(Source.WEB.word());
                curves.add(new LineChart.Curve(source, web ? Color.FIRST : Color.SECOND, points));
              }
            });
    ImmutableList<LineChart.Curve> drawn = curves.build();
    return drawn.isEmpty()
        ? ImmutableList.of()
        : ImmutableList.of(
            new LineChart(
                "Match probabilities of all texts",
                "match probability in %, parts of 5",
                "texts",
                drawn,
                OptionalDouble.empty()));
  }

  /** For each threshold how many texts and images reach it, for the script of the page. */
  private static String counts(ScoreFigures figures) {
    return ReportPage.json(
        ImmutableMap.of(
            "steps", ScoreFigures.STEPS,
            "web", reaching(figures.open(Source.WEB)),
            "synthetic", reaching(figures.open(Source.SYNTHETIC)),
            "images", reaching(figures.openImages())));
  }

  private static long[] reaching(long[] counts) {
    for (int step = counts.length - 2; step >= 0; step--) {
      counts[step] += counts[step + 1];
    }
    return counts;
  }

  /** Pictures of pairs by shard and number of the record, large enough to be judged by. */
  static Map<String, String> pictures(
      List<CapFiltPlan.Shard> shards, ExampleCodec codec, List<JudgedTable.Row> rows) {
    SetMultimap<String, Long> places = TreeMultimap.create();
    rows.forEach(row -> places.put(row.shard(), row.index()));
    return new Pictures(shards, codec).read(places, LARGE);
  }

  /** Writes the page. */
  void write(Path file) throws IOException {
    ReportPage.write(file, "capfilt.ftlh", this);
  }

  /** Makes cards; each shard is read as far as its last picture that is shown. */
  private record Pictures(List<CapFiltPlan.Shard> shards, ExampleCodec codec) {
    Group group(String title, String note, List<ScoreFigures.Chosen> chosen) {
      SetMultimap<String, Long> places = TreeMultimap.create();
      chosen.forEach(one -> places.put(one.shard(), one.line().index()));
      Map<String, String> found = read(places, SIDE);
      ImmutableList.Builder<Card> cards = ImmutableList.builder();
      List<String> seen = new ArrayList<>();
      for (ScoreFigures.Chosen one : chosen) {
        String place = one.shard() + "#" + one.line().index();
        if (!seen.contains(place)) { // a record may have several texts
          seen.add(place);
          cards.add(
              new Card(
                  one.line().key(), one.shard(), found.getOrDefault(place, ""), said(one.line())));
        }
      }
      return new Group(title, note, cards.build());
    }

    /** Sources of the images of some records, by shard and number. */
    Map<String, String> read(SetMultimap<String, Long> places, int side) {
      Map<String, String> found = new TreeMap<>();
      for (CapFiltPlan.Shard shard : shards) {
        if (places.containsKey(shard.name())) {
          read(shard, places.get(shard.name()), side, found);
        }
      }
      return found;
    }

    private void read(
        CapFiltPlan.Shard shard, Set<Long> ascending, int side, Map<String, String> into) {
      long index = 0;
      try (TfRecordReader reader = TfRecordReader.open(shard.file())) {
        for (long next : ascending) {
          while (index < next && reader.skip()) {
            index++;
          }
          Optional<byte[]> record = reader.next();
          index++;
          if (record.isPresent()) {
            into.put(shard.name() + "#" + next, thumbnail(record.get(), side));
          }
        }
      } catch (IOException e) {
        return; // the shard is gone since it was judged: the page says so in place of its pictures
      }
    }

    /** Empty if Java cannot decode the picture; the graph's kernels could. */
    private String thumbnail(byte[] record, int side) {
      try {
        EncodedImage image = EncodedImage.of(codec.imageText(record, "").image());
        return ReportPage.png(image.thumbnail(side).toByteArray());
      } catch (SampleException e) {
        return "";
      }
    }

    private static ImmutableList<Said> said(ScoreLine line) {
      return line.texts().stream()
          .map(
              text ->
                  new Said(
                      text.source().word(),
                      text.text(),
                      text.itmProbability() == null ? -1 : text.itmProbability(),
                      text.itcCosine() == null ? 0 : text.itcCosine(),
                      text.kept(),
                      text.kept() ? "" : text.reason().word(),
                      text.itmProbability() != null && ScoreFigures.isOpen(text)))
          .collect(ImmutableList.toImmutableList());
    }
  }
}
