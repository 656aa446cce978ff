package org.blip4j.tools.quickstart;

import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.tools.report.LossChartSvg;

/**
 * The quickstart's report: one HTML page that needs nothing beside it. Style, pictures and diagrams
 * are inside; there is no script; all texts are escaped.
 */
public final class QuickstartReport {
  private QuickstartReport() {}

  /** Writes the page. */
  public static void write(Path file, ReportContent content) throws IOException {
    AtomicFile.write(file, html(content).getBytes(StandardCharsets.UTF_8));
  }

  /** The page. */
  public static String html(ReportContent content) throws IOException {
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>BLIP quickstart report</title>
    <style>
    """
        + Resources.toString(
            Resources.getResource(QuickstartReport.class, "report.css"), StandardCharsets.UTF_8)
        + "</style>\n</head>\n<body>\n<main>\n"
        + opening(content)
        + results(content)
        + filter(content)
        + training(content)
        + "</main>\n</body>\n</html>\n";
  }

  private static String opening(ReportContent content) {
    QuickstartSummary summary = content.summary();
    return String.format(
        Locale.ROOT,
        """
        <p class="kicker">BLIP quickstart · seed %d · %s</p>
        <h1>Bootstrapping captions from noisy web texts</h1>
        <p class="lead">Two models were pre-trained from scratch with the same steps and the same \
        seed. The one that read the <span class="first">raw web texts</span> describes %s of the \
        held-out pictures fully right; the one that read the \
        <span class="second">bootstrapped set</span> – web texts that a filter kept, texts that a \
        captioner wrote and the filter kept, and the human-annotated set – %s. Neither was \
        fine-tuned.</p>
        """,
        summary.seed(),
        duration(summary.seconds()),
        Shares.percent(summary.first().captionsRight()),
        Shares.percent(summary.second().captionsRight()));
  }

  private static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60
        ? whole + " s"
        : String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60);
  }

  private static String results(ReportContent content) {
    QuickstartSummary summary = content.summary();
    return section(
            "Before and after",
            "On pictures that no training saw. A caption is fully right if it names every object"
                + " with size, colour and shape, and nothing else.")
        + ReportTables.beforeAfter(summary.first(), summary.second())
        + section("What the two models say", "Held-out pictures in the order of the set.")
        + ReportCards.heldOut(content.heldOut());
  }

  private static String filter(ReportContent content) {
    return section(
            "The filter",
            "Web texts are wrong in a known share and kind, so every decision can be checked. AUC"
                + " by kind: all right web texts against the wrong ones of that kind.")
        + ReportTables.filterTiles(content.filter())
        + ReportTables.kinds(content.filter())
        + section(
            "Captioning and filtering",
            "Each web picture has its web text and a synthetic one. The number is the filter's"
                + " match probability; right and wrong are the known truth.")
        + ReportCards.examples(content.examples());
  }

  private static String training(ReportContent content) {
    StringBuilder out = new StringBuilder();
    out.append(
        section(
            "Loss curves",
            "Thin: as logged; thick: running mean. A dashed line is the level of guessing by"
                + " frequency alone."));
    out.append("<div class=\"charts\">\n");
    content.charts().forEach(chart -> out.append(LossChartSvg.figure(chart)));
    out.append("</div>\n");
    out.append(section("Settings", "What was run."));
    out.append(ReportTables.settings(content.settings()));
    out.append(
        """
        <footer>Pictures and texts are generated; every figure on this page was measured in this \
        run. Method: Li et al., BLIP: Bootstrapping Language-Image Pre-training for Unified \
        Vision-Language Understanding and Generation, 2022.</footer>
        """);
    return out.toString();
  }

  private static String section(String title, String note) {
    return "<h2>%s</h2>\n<p class=\"note\">%s</p>\n".formatted(title, note);
  }
}
