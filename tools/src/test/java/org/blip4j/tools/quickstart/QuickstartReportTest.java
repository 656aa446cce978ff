package org.blip4j.tools.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.blip4j.tools.report.LineChart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

final class QuickstartReportTest {
  @TempDir Path folder;

  @Test
  void pageIsWellFormedAndComplete() throws Exception {
    Document page = parse(ReportSample.content().html());
    assertEquals(24, page.getElementsByTagName("img").getLength());
    assertEquals(3, page.getElementsByTagName("figure").getLength());
    assertEquals(5, page.getElementsByTagName("table").getLength());
    assertEquals(8, page.getElementsByTagName("h2").getLength());
  }

  @Test
  void pageNeedsNothingFromElsewhere() throws IOException {
    String html = ReportSample.content().html();
    assertFalse(
        Pattern.compile("(src|href) *= *.(https?:|//)|<link|url\\(|@import|<script src|fetch\\(")
            .matcher(html)
            .find());
    assertTrue(html.contains("src=\"data:image/png;base64,iVBOR"));
  }

  @Test
  void textsAreEscapedAndFiguresShown() throws IOException {
    String html = ReportSample.content().html();
    assertTrue(html.contains("&lt;model&gt;") && html.contains("ViT &amp; text"));
    assertFalse(html.contains("<model>") || html.contains("bootstrapped </script>"));
    assertTrue(html.contains("18.8 %") && html.contains("48.2 %") && html.contains("4 min 04 s"));
    assertTrue(html.contains("misjudged"));
  }

  @Test
  void saysWhatThePageIsMeasuredOver() throws IOException {
    String html = ReportSample.content().html();
    assertTrue(html.contains("of 300 of different content"), "R@1 is not over all pictures");
    assertTrue(html.contains("match probability is 0.5 or more"), "the threshold");
    assertTrue(
        html.contains("bootstrap/round-1/model") && html.contains("tools/blip caption"),
        "what next");
    assertTrue(html.contains("\"across\":\"step\"") && html.contains("\"up\":\"loss\""), "axes");
    assertTrue(html.contains("both on the human-annotated set"), "who read what");
  }

  @Test
  void picturesOnWhichTheModelsDifferComeFirst() {
    QuickstartReport.HeldOut heldOut = ReportSample.content().heldOut();
    assertEquals(40, heldOut.pictures());
    assertEquals(12, heldOut.shown().size());
    assertTrue(
        heldOut.better() >= 12
            && heldOut.shown().stream().allMatch(said -> said.firstRight() != said.secondRight()));
  }

  @Test
  void localeDoesNotMatter() throws IOException {
    Locale before = Locale.getDefault();
    String expected = ReportSample.content().html();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(expected, ReportSample.content().html());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void fileHoldsThePage() throws IOException {
    Path file = folder.resolve("report.html");
    ReportSample.content().write(file);
    assertEquals(ReportSample.content().html(), Files.readString(file));
  }

  @Test
  void diagramsAreDrawnOfTheRunsThatHaveTheMeasure() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(
        folder.resolve("run/metrics.jsonl"),
        "{\"step\":1,\"loss_lm\":2.5}\n{\"step\":9,\"loss_lm\":1.5}\n{\"step\":10}\n");
    LineChart.Run run = new LineChart.Run("one", LineChart.Color.THIRD, folder.resolve("run"));
    LineChart chart = LineChart.ofRuns("t", "loss_lm", OptionalDouble.empty(), List.of(run));
    assertEquals(
        "{\"across\":\"step\",\"up\":\"loss\",\"series\":[{\"name\":\"one\",\"color\":\"third\"}],"
            + "\"baseline\":\"\",\"data\":[[1,9],[2.5,1.5],[2.5,1.5]]}",
        chart.json(),
        "the same in every process, order included");
    assertThrows(
        IllegalArgumentException.class,
        () -> LineChart.ofRuns("t", "loss_itc", OptionalDouble.empty(), List.of(run)));
    Files.writeString(
        folder.resolve("run/metrics.jsonl"),
        "{\"step\":1,\"loss_itm\":0.7,\"itm_accuracy\":0.5,\"itm_baseline\":0.667}\n");
    assertEquals(
        List.of(0.6365, 0.667),
        LineChart.ofRun(folder.resolve("run")).stream()
            .map(one -> Math.round(one.baseline().orElseThrow() * 1e4) / 1e4)
            .toList());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new LineChart.Curve("x", LineChart.Color.FIRST, new TreeMap<>(Map.of(1, Double.NaN))));
  }

  /** The page is written so that it is XML but for void elements and what scripts say. */
  private static Document parse(String html) throws Exception {
    String xml =
        html.replace("<!DOCTYPE html>", "")
            .replaceAll("(?s)<script.*?</script>", "")
            .replaceAll("(?s)<style>.*?</style>", "")
            .replaceAll("<(meta|img)([^>]*)>", "<$1$2/>")
            .strip();
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }
}
