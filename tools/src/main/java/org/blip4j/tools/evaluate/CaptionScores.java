package org.blip4j.tools.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.blip4j.data.metric.CaptionMetrics;
import org.blip4j.data.metric.ExternalMetric;
import org.blip4j.data.metric.RougeL;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.PtbTokens;
import org.blip4j.savedmodel.evaluate.LabelledRecords;

/**
 * Figures of captions together, on the scale of the published program: 1.31 where papers print 131.
 *
 * @param figures by name
 * @param cider of each caption
 */
record CaptionScores(ImmutableMap<String, Double> figures, ImmutableList<Double> cider) {
  /** What the figures of all captions together are called. */
  static final String OVERALL = "overall";

  /** How long a program may say nothing while it reads its tables. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /**
   * A caption with its references, as they were written.
   *
   * @param place which record it is of, counted from 0
   * @param references at least one
   */
  record Said(int place, String caption, ImmutableList<String> references) {}

  /**
   * Computes all figures; captions and references are tokenised first, all of a kind together.
   *
   * @param programs where those of others are that compute further figures
   */
  static CaptionScores of(List<Said> said, Map<ExternalMetric, Path> programs) throws IOException {
    List<String> captions = PtbTokens.lines(said.stream().map(Said::caption).toList());
    List<String> references =
        PtbTokens.lines(said.stream().flatMap(one -> one.references().stream()).toList());
    List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < said.size(); i++) {
      int end = next + said.get(i).references().size();
      items.add(CaptionMetrics.CaptionItem.of(captions.get(i), references.subList(next, end)));
      next = end;
    }
    CaptionMetrics.BleuScore bleu = CaptionMetrics.BleuScore.of(items);
    CaptionMetrics.CiderScore cider = CaptionMetrics.CiderScore.of(items);
    Map<String, Double> figures = new LinkedHashMap<>();
    for (int n = 1; n <= 4; n++) {
      figures.put("bleu" + n, bleu.bleu(n));
    }
    figures.put("rouge_l", RougeL.of(items));
    figures.put("cider", cider.mean());
    for (Map.Entry<ExternalMetric, Path> program : programs.entrySet()) {
      figures.put(
          program.getKey().name().toLowerCase(Locale.ROOT),
          program.getKey().score(program.getValue(), items, PATIENCE).corpus());
    }
    return new CaptionScores(ImmutableMap.copyOf(figures), cider.byItem());
  }

  /** A figure as papers print it, times 100. */
  static String percent(double figure) {
    return String.format(Locale.ROOT, "%.1f", 100 * figure);
  }

  /**
   * The page; pictures are read from the records.
   *
   * @param scores by domain, the last of all together
   * @param all the captions, as those of the last
   */
  static EvaluationReport report(
      Map<String, CaptionScores> scores, List<Said> all, LabelledRecords records)
      throws IOException {
    CaptionScores overall = scores.get(OVERALL);
    List<List<String>> figures = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("captions of"));
    head.addAll(overall.figures().keySet());
    figures.add(head);
    scores.forEach(
        (domain, one) -> {
          List<String> row = new ArrayList<>(List.of(domain));
          one.figures().values().forEach(figure -> row.add(percent(figure)));
          figures.add(row);
        });
    double middle =
        overall.cider().stream().sorted().skip(all.size() / 2).findFirst().orElseThrow();
    List<EvaluationReport.Rated> rated = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      double cider = overall.cider().get(i);
      List<EvaluationReport.Line> lines = new ArrayList<>();
      lines.add(
          EvaluationReport.Line.of(
              String.format(Locale.ROOT, "caption, CIDEr %s", percent(cider)),
              all.get(i).caption()));
      all.get(i)
          .references()
          .forEach(reference -> lines.add(EvaluationReport.Line.of("reference", reference)));
      rated.add(
          new EvaluationReport.Rated(
              new EvaluationReport.Item(all.get(i).place(), lines),
              cider,
              Math.abs(cider - middle)));
    }
    return EvaluationReport.of(
        "Captions",
        String.format(
            Locale.ROOT,
            "CIDEr of %d captions is %s, BLEU-4 %s; figures are times 100, as papers print them.",
            all.size(),
            percent(overall.figures().get("cider")),
            percent(overall.figures().get("bleu4"))),
        figures,
        EvaluationReport.Choice.of(
            rated, "CIDEr next to the median.", "The lowest CIDEr.", "The highest CIDEr."),
        records,
        Sample.ImageText.class);
  }
}
