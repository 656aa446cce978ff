package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Booleans;
import com.google.common.primitives.Doubles;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import org.blip4j.data.metric.BinaryCounts;
import org.blip4j.data.metric.RocAuc;
import org.blip4j.tools.scenes.NoiseKind;

/**
 * How well the filter told right texts from wrong ones, measured against the known truth.
 *
 * @param auc area under the curve of the scores on web texts; empty if all are right or all wrong
 * @param web decisions on web texts
 * @param synthetic decisions on the captioner's texts
 * @param kinds the same on web texts by kind, in the order of {@link NoiseKind}
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
  public record OfKind(NoiseKind kind, int texts, int right, int kept, OptionalDouble auc) {}

  /** Measures all outcomes of a run. */
  public static FilterFigures of(List<CapFiltOutcome> outcomes) {
    List<JudgedText> web = outcomes.stream().map(CapFiltOutcome::web).toList();
    List<JudgedText> synthetic = outcomes.stream().map(CapFiltOutcome::synthetic).toList();
    ImmutableList.Builder<OfKind> kinds = ImmutableList.builder();
    for (NoiseKind kind : NoiseKind.values()) {
      kinds.add(ofKind(kind, outcomes));
    }
    return new FilterFigures(auc(web), counts(web), counts(synthetic), kinds.build());
  }

  private static OfKind ofKind(NoiseKind kind, List<CapFiltOutcome> outcomes) {
    List<JudgedText> texts =
        outcomes.stream()
            .filter(outcome -> outcome.kind() == kind)
            .map(CapFiltOutcome::web)
            .toList();
    List<JudgedText> againstRight =
        outcomes.stream()
            .filter(outcome -> outcome.web().right() || outcome.kind() == kind)
            .map(CapFiltOutcome::web)
            .toList();
    return new OfKind(
        kind,
        texts.size(),
        count(texts, JudgedText::right),
        count(texts, JudgedText::kept),
        auc(againstRight));
  }

  private static int count(List<JudgedText> texts, Predicate<JudgedText> property) {
    return (int) texts.stream().filter(property).count();
  }

  private static OptionalDouble auc(List<JudgedText> texts) {
    return RocAuc.of(
        Doubles.toArray(texts.stream().map(JudgedText::score).toList()),
        Booleans.toArray(texts.stream().map(JudgedText::right).toList()));
  }

  private static BinaryCounts counts(List<JudgedText> texts) {
    return new BinaryCounts(
        count(texts, text -> text.kept() && text.right()),
        count(texts, text -> text.kept() && !text.right()),
        count(texts, text -> !text.kept() && !text.right()),
        count(texts, text -> !text.kept() && text.right()));
  }
}
