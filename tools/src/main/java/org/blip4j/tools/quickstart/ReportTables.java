package org.blip4j.tools.quickstart;

import com.google.common.html.HtmlEscapers;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.blip4j.tools.scenes.NoiseKind;

/** The tables and tiles of figures in the quickstart's report. */
final class ReportTables {
  private ReportTables() {}

  /** Both models side by side, with bars. */
  static String beforeAfter(ModelFigures first, ModelFigures second) {
    double cider = Math.max(Math.max(first.cider(), second.cider()), 1e-9);
    return """
    <div class="scroll"><table>
    <thead><tr><th></th><th class="first">raw web texts</th>\
    <th class="second">bootstrapped</th><th class="bar"></th></tr></thead>
    <tbody>
    """
        + row("Captions fully right", first.captionsRight(), second.captionsRight())
        + row(
            "CIDEr",
            decimals(3, first.cider()),
            decimals(3, second.cider()),
            bars(first.cider() / cider, second.cider() / cider))
        + row("R@1, image to text", first.r1ImageToText(), second.r1ImageToText())
        + row("R@1, text to image", first.r1TextToImage(), second.r1TextToImage())
        + "</tbody></table></div>\n";
  }

  private static String row(String name, double first, double second) {
    return row(name, Shares.percent(first), Shares.percent(second), bars(first, second));
  }

  private static String row(String name, String first, String second, String bars) {
    return "<tr><td>%s</td><td>%s</td><td><strong>%s</strong></td><td class=\"bar\">%s</td></tr>\n"
        .formatted(name, first, second, bars);
  }

  private static String bars(double first, double second) {
    return bar("first", first) + bar("second", second);
  }

  private static String bar(String style, double share) {
    return String.format(
        Locale.ROOT,
        "<span class=\"track %s\"><i style=\"width:%.1f%%\"></i></span>",
        style,
        100 * share);
  }

  /** The filter's main figures. */
  static String filterTiles(FilterFigures filter) {
    return "<div class=\"tiles\">"
        + tile(area(filter.auc()), "area under the curve, web texts")
        + tile(Shares.percent(filter.web().precision()), "precision: kept web texts that are right")
        + tile(Shares.percent(filter.web().recall()), "recall: right web texts that are kept")
        + tile(Shares.percent(rightShare(filter)), "of the captioner's texts right")
        + tile(Shares.percent(filter.synthetic().precision()), "of them right after the filter")
        + "</div>\n";
  }

  private static double rightShare(FilterFigures filter) {
    long right = filter.synthetic().truePositives() + filter.synthetic().falseNegatives();
    return filter.synthetic().total() == 0 ? 0 : right / (double) filter.synthetic().total();
  }

  private static String tile(String figure, String words) {
    return "<div class=\"tile\"><b>%s</b><span>%s</span></div>".formatted(figure, words);
  }

  /** The filter by kind of web text. */
  static String kinds(FilterFigures filter) {
    StringBuilder out =
        new StringBuilder(
            """
            <div class="scroll"><table>
            <thead><tr><th>Web text is</th><th>texts</th><th>right</th><th>kept</th>\
            <th>AUC</th><th class="bar"></th></tr></thead>
            <tbody>
            """);
    for (FilterFigures.OfKind kind : filter.kinds()) {
      double kept = kind.texts() == 0 ? 0 : kind.kept() / (double) kind.texts();
      out.append(
          String.format(
              Locale.ROOT,
              "<tr><td>%s</td><td>%,d</td><td>%,d</td><td>%s</td><td>%s</td>"
                  + "<td class=\"bar\">%s</td></tr>\n",
              escape(kind.kind().description()),
              kind.texts(),
              kind.right(),
              Shares.percent(kept),
              kind.kind() == NoiseKind.CAPTION ? "" : area(kind.auc()),
              bar("second", kept)));
    }
    return out.append("</tbody></table></div>\n").toString();
  }

  /** Names and values. */
  static String settings(List<ReportContent.Setting> settings) {
    StringBuilder out =
        new StringBuilder("<div class=\"scroll\"><table class=\"settings\"><tbody>\n");
    for (ReportContent.Setting setting : settings) {
      out.append(
          "<tr><td>%s</td><td>%s</td></tr>\n"
              .formatted(escape(setting.name()), escape(setting.value())));
    }
    return out.append("</tbody></table></div>\n").toString();
  }

  private static String area(OptionalDouble auc) {
    return auc.isPresent() ? decimals(3, auc.getAsDouble()) : "–";
  }

  private static String decimals(int count, double value) {
    return String.format(Locale.ROOT, "%." + count + "f", value);
  }

  private static String escape(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }
}
