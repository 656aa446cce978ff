package org.blip4j.tools.quickstart;

import com.google.common.html.HtmlEscapers;
import java.util.List;
import java.util.Locale;
import org.blip4j.tools.report.EmbeddedPng;

/** The cards of pictures with their texts in the quickstart's report. */
final class ReportCards {
  private ReportCards() {}

  /** Web pictures: both texts, scores, decisions and the truth. */
  static String examples(List<ReportContent.Example> examples) {
    StringBuilder out = new StringBuilder("<div class=\"cards\">\n");
    for (ReportContent.Example example : examples) {
      CapFiltOutcome outcome = example.outcome();
      open(out, example.picture(), outcome.key());
      judged(out, "Web: " + outcome.kind().description(), outcome.web());
      judged(out, "Synthetic", outcome.synthetic());
      out.append("</dl></div>\n");
    }
    return out.append("</div>\n").toString();
  }

  /** Held-out pictures: the truth and both models' captions. */
  static String heldOut(List<ReportContent.HeldOut> pictures) {
    StringBuilder out = new StringBuilder("<div class=\"cards\">\n");
    for (ReportContent.HeldOut picture : pictures) {
      open(out, picture.picture(), picture.truth());
      out.append("<dt>It shows</dt><dd>").append(escape(picture.truth())).append("</dd>");
      answer(out, "first", "raw web texts", picture.first());
      answer(out, "second", "bootstrapped", picture.second());
      out.append("</dl></div>\n");
    }
    return out.append("</div>\n").toString();
  }

  private static void open(StringBuilder out, EmbeddedPng picture, String alternative) {
    out.append(
        "<div class=\"card\"><img src=\"%s\" alt=\"%s\"><dl>"
            .formatted(picture.source(), escape(alternative)));
  }

  private static void judged(StringBuilder out, String name, JudgedText text) {
    out.append(
        String.format(
            Locale.ROOT,
            "<dt>%s %s <span class=\"mark quiet\">%s %.3f</span>%s</dt><dd%s>%s</dd>",
            escape(name),
            truth(text.right()),
            text.kept() ? "kept" : "dropped",
            text.score(),
            text.isJudgedWell() ? "" : " <span class=\"mark slip\">misjudged</span>",
            text.kept() ? "" : " class=\"dropped\"",
            escape(text.text())));
  }

  private static void answer(
      StringBuilder out, String style, String name, ReportContent.Answer answer) {
    out.append(
        "<dt><span class=\"%s\">%s</span> %s</dt><dd>%s</dd>"
            .formatted(style, name, truth(answer.right()), escape(answer.caption())));
  }

  private static String truth(boolean right) {
    return "<span class=\"mark %s\">%s</span>"
        .formatted(right ? "yes" : "no", right ? "right" : "wrong");
  }

  private static String escape(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }
}
