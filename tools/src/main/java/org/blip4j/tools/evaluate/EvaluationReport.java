package org.blip4j.tools.evaluate;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.tools.report.ReportPage;

/**
 * The content of the page of {@code --report}: figures, and pictures with what was said of them and
 * what should have been.
 *
 * @param task such as "Captions"
 * @param lead one sentence with the main figures
 * @param columns names of the columns of figures, the first one for the name of a row
 * @param figures rows of figures as texts
 * @param groups the closest, the worst and the best
 */
public record EvaluationReport(
    String task,
    String lead,
    ImmutableList<String> columns,
    ImmutableList<ImmutableList<String>> figures,
    ImmutableList<Group> groups) {
  private static final int SHOWN = 12;
  private static final int SIDE = 176;

  /**
   * Items that have something in common.
   *
   * @param note what was chosen and how
   */
  public record Group(String title, String note, ImmutableList<Card> cards) {}

  /**
   * An item.
   *
   * @param pictures sources of its images; fewer where some cannot be shown
   */
  public record Card(ImmutableList<String> pictures, ImmutableList<Line> lines) {}

  /**
   * Something said about an item.
   *
   * @param label what it is, such as "reference"
   * @param mark {@code yes}, {@code no} or empty
   */
  public record Line(String label, String text, String mark) {
    /** A line that is neither right nor wrong. */
    static Line of(String label, String text) {
      return new Line(label, text, "");
    }
  }

  /**
   * An item that may be shown.
   *
   * @param place which record it is of, counted from 0
   * @param lines what is said about it
   */
  record Item(int place, List<Line> lines) {
    /** Copies the list. */
    Item {
      lines = List.copyOf(lines);
    }
  }

  /**
   * An item that was judged.
   *
   * @param quality how good its result is; the larger the better
   * @param distance how far it is from being judged otherwise, or from the middle
   */
  record Rated(Item item, double quality, double distance) {}

  /** Items that were chosen. */
  record Choice(String title, String note, List<Item> items) {
    /**
     * The closest, the worst and the best of all.
     *
     * @param notes what these are, in this order
     */
    static List<Choice> of(List<Rated> all, String... notes) {
      return List.of(
          first("Borderline", notes[0], all, Rated::distance),
          first("The worst", notes[1], all, Rated::quality),
          first("The best", notes[2], all, one -> -one.quality()));
    }

    private static Choice first(
        String title, String note, List<Rated> all, ToDoubleFunction<Rated> number) {
      return new Choice(
          title,
          note,
          all.stream()
              .sorted(Comparator.comparingDouble(number))
              .limit(SHOWN)
              .map(Rated::item)
              .toList());
    }
  }

  /** Gathers what is shown and reads its pictures. */
  static <S extends Sample> EvaluationReport of(
      String task,
      String lead,
      List<List<String>> figures,
      List<Choice> choices,
      LabelledRecords records,
      Class<S> type)
      throws IOException {
    Set<Integer> places =
        choices.stream()
            .flatMap(choice -> choice.items().stream().map(Item::place))
            .collect(Collectors.toSet());
    Map<Integer, ImmutableList<String>> pictures = new HashMap<>();
    if (!places.isEmpty()) {
      records.forEach(
          type,
          1,
          (at, samples) -> {
            if (places.contains(at)) {
              pictures.put(at, pictures(samples.get(0)));
            }
          });
    }
    ImmutableList.Builder<Group> groups = ImmutableList.builder();
    for (Choice choice : choices) {
      List<Card> cards = new ArrayList<>();
      for (Item item : choice.items()) {
        cards.add(
            new Card(
                pictures.getOrDefault(item.place(), ImmutableList.of()),
                ImmutableList.copyOf(item.lines())));
      }
      if (!cards.isEmpty()) {
        groups.add(new Group(choice.title(), choice.note(), ImmutableList.copyOf(cards)));
      }
    }
    return new EvaluationReport(
        task,
        lead,
        ImmutableList.copyOf(figures.get(0)),
        figures.stream()
            .skip(1)
            .map(ImmutableList::copyOf)
            .collect(ImmutableList.toImmutableList()),
        groups.build());
  }

  private static ImmutableList<String> pictures(Sample sample) {
    return SampleKind.images(sample).stream()
        .flatMap(
            image -> {
              try {
                byte[] small = EncodedImage.of(image).thumbnail(SIDE).toByteArray();
                return Stream.of(ReportPage.png(small));
              } catch (SampleException e) {
                return Stream.of(); // Java cannot decode it; the graph's kernels could
              }
            })
        .collect(ImmutableList.toImmutableList());
  }

  /** Writes the page. */
  void write(Path file) throws IOException {
    ReportPage.write(file, "evaluation.ftlh", this);
  }
}
