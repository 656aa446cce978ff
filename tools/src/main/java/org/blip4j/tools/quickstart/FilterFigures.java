package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Booleans;
import com.google.common.primitives.Doubles;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import org.blip4j.data.metric.BinaryCounts;
import org.blip4j.tools.scenes.WebText;

/**
 * How well the filter told right texts from wrong ones, measured against the known truth.
 *
 * @param auc area under the curve of the scores on web texts; empty if all are right or all wrong
 * @param web decisions on web texts
 * @param synthetic decisions on the captioner's texts
 * @param kinds the same on web texts by kind, in the order of {@link WebText.Kind}
 */
public record FilterFigures(
    OptionalDouble auc, BinaryCounts web, BinaryCounts synthetic, ImmutableList<OfKind> kinds) {
  /**
   * The filter on web texts of one kind.
   *
   * @param kind how they came about
   * @param texts how many there are
   * @param right how many of them are right, if only by chance
   * @param kept how many were kept
   * @param auc all right web texts against the wrong ones of this kind; empty if there are none
   */
  public record OfKind(WebText.Kind kind, int texts, int right, int kept, OptionalDouble auc) {
    /** The share of them that were kept. */
    public double keptShare() {
      return texts == 0 ? 0 : kept / (double) texts;
    }
  }

  /** Measures all pictures of a run. */
  public static FilterFigures of(List<JudgedPicture> pictures) {
    List<JudgedPicture.Judged> web = pictures.stream().map(JudgedPicture::web).toList();
    List<JudgedPicture.Judged> synthetic = pictures.stream().map(JudgedPicture::synthetic).toList();
    ImmutableList.Builder<OfKind> kinds = ImmutableList.builder();
    for (WebText.Kind kind : WebText.Kind.values()) {
      kinds.add(ofKind(kind, pictures));
    }
    return new FilterFigures(auc(web), counts(web), counts(synthetic), kinds.build());
  }

  /** The share of the captioner's texts that are right. */
  public double captionerRight() {
    long right = synthetic.truePositives() + synthetic.falseNegatives();
    return synthetic.total() == 0 ? 0 : right / (double) synthetic.total();
  }

  private static OfKind ofKind(WebText.Kind kind, List<JudgedPicture> pictures) {
    List<JudgedPicture.Judged> texts =
        pictures.stream()
            .filter(picture -> picture.kind() == kind)
            .map(JudgedPicture::web)
            .toList();
    List<JudgedPicture.Judged> againstRight =
        pictures.stream()
            .filter(picture -> picture.web().right() || picture.kind() == kind)
            .map(JudgedPicture::web)
            .toList();
    return new OfKind(
        kind,
        texts.size(),
        count(texts, JudgedPicture.Judged::right),
        count(texts, JudgedPicture.Judged::kept),
        auc(againstRight));
  }

  private static int count(
      List<JudgedPicture.Judged> texts, Predicate<JudgedPicture.Judged> property) {
    return (int) texts.stream().filter(property).count();
  }

  private static OptionalDouble auc(List<JudgedPicture.Judged> texts) {
    return BinaryCounts.rocAuc(
        Doubles.toArray(texts.stream().map(JudgedPicture.Judged::score).toList()),
        Booleans.toArray(texts.stream().map(JudgedPicture.Judged::right).toList()));
  }

  private static BinaryCounts counts(List<JudgedPicture.Judged> texts) {
    return new BinaryCounts(
        count(texts, text -> text.kept() && text.right()),
        count(texts, text -> text.kept() && !text.right()),
        count(texts, text -> !text.kept() && !text.right()),
        count(texts, text -> !text.kept() && text.right()));
  }
}
