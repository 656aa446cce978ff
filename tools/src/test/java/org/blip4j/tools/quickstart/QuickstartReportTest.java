package org.blip4j.tools.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.blip4j.tools.report.EmbeddedPng;
import org.blip4j.tools.report.LossChart;
import org.blip4j.tools.report.LossChartSvg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

final class QuickstartReportTest {
  @TempDir Path folder;

  @Test
  void pageIsWellFormedAndComplete() throws Exception {
    Document page = parse(QuickstartReport.html(ReportSample.content()));
    assertEquals(24, page.getElementsByTagName("img").getLength());
    assertEquals(3, page.getElementsByTagName("svg").getLength());
    assertEquals(3, page.getElementsByTagName("table").getLength());
    assertEquals(6, page.getElementsByTagName("h2").getLength());
  }

  @Test
  void pageNeedsNothingFromElsewhere() throws IOException {
    String html = QuickstartReport.html(ReportSample.content());
    assertFalse(Pattern.compile("https?:|<script|<link|url\\(|@import").matcher(html).find());
    assertTrue(html.contains("src=\"data:image/png;base64,iVBOR"));
  }

  @Test
  void textsAreEscapedAndFiguresShown() throws IOException {
    String html = QuickstartReport.html(ReportSample.content());
    assertTrue(html.contains("&lt;model&gt;") && html.contains("ViT &amp; text"));
    assertFalse(html.contains("<model>"));
    assertTrue(html.contains("18.8 %") && html.contains("48.2 %") && html.contains("4 min 04 s"));
    assertTrue(html.contains("misjudged"));
    assertFalse(html.contains(">-0<"), "a tick of minus nothing");
  }

  @Test
  void localeDoesNotMatter() throws IOException {
    Locale before = Locale.getDefault();
    String expected = QuickstartReport.html(ReportSample.content());
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(expected, QuickstartReport.html(ReportSample.content()));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void fileHoldsThePage() throws IOException {
    Path file = folder.resolve("report.html");
    QuickstartReport.write(file, ReportSample.content());
    assertEquals(QuickstartReport.html(ReportSample.content()), Files.readString(file));
  }

  @Test
  void flatAndShortCurvesAreDrawn() throws Exception {
    LossChart.Curve flat =
        new LossChart.Curve("flat", ImmutableList.of(new LossChart.Point(1, 0.5)));
    String svg =
        LossChartSvg.figure(new LossChart("x", ImmutableList.of(flat), OptionalDouble.empty()));
    assertFalse(svg.contains("NaN") || svg.contains("Infinity"), svg);
    parse(svg);
  }

  @Test
  void refusesWhatCannotBeDrawn() {
    assertThrows(
        IllegalArgumentException.class, () -> new LossChart.Curve("none", ImmutableList.of()));
    assertThrows(IllegalArgumentException.class, () -> new LossChart.Point(1, Double.NaN));
    assertThrows(
        IllegalArgumentException.class,
        () -> new LossChart("none", ImmutableList.of(), OptionalDouble.empty()));
    assertThrows(IllegalArgumentException.class, () -> new EmbeddedPng("\"><script>"));
  }

  /** The page is written so that it is XML but for its void elements. */
  private static Document parse(String html) throws Exception {
    String xml = html.replace("<!DOCTYPE html>", "").replaceAll("<(meta|img)([^>]*)>", "<$1$2/>");
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }
}
