package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltRules;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapFiltReportTest {
  private static final int IMAGES = 100;

  @TempDir private Path folder;
  private CapFiltFolder out;
  private final List<CapFiltText> texts = new ArrayList<>();

  @BeforeEach
  void run() throws IOException {
    CapFiltPolicy policy =
        new CapFiltPolicy(
            true,
            0.5,
            CapFiltPolicy.Texts.both,
            1,
            CapFiltPolicy.Rank.itm,
            ImmutableMap.of("synthetic", 0.8),
            CapFiltRules.NONE);
    CapFiltPlan plan =
        CapFiltData.plan(
            CapFiltData.write(folder.resolve("in"), 4, IMAGES / 4),
            CapFiltData.settings().withPolicy(policy));
    out = new CapFiltFolder(folder.resolve("out"));
    CapFiltData.run(out.path(), plan, FakeModels.quick(), 1);
    for (String name : plan.names()) {
      for (String line : Files.readAllLines(out.scores(name))) {
        texts.addAll(ScoreLine.parse(line, name).texts());
      }
    }
  }

  private JsonNode scores() throws IOException {
    return JsonMapper.builder().build().readTree(out.stats().toFile()).path("scores");
  }

  private long reaching(CapFiltText.Source source, double threshold) {
    return texts.stream()
        .filter(text -> text.source() == source && text.itmProbability() >= threshold)
        .count();
  }

  @Test
  void figuresAreThoseOfAllScores() throws IOException {
    JsonNode scores = scores();
    for (JsonNode row : scores.path("kept_by_threshold")) {
      double threshold = row.path("threshold").asDouble();
      double web = (double) reaching(CapFiltText.Source.WEB, threshold) / IMAGES;
      double synthetic = (double) reaching(CapFiltText.Source.SYNTHETIC, threshold) / IMAGES;
      assertEquals(web, row.path("web").asDouble(), 1e-9, row.toString());
      assertEquals(synthetic, row.path("synthetic").asDouble(), 1e-9, row.toString());
      assertTrue(row.path("images").asDouble() >= Math.max(web, synthetic), row.toString());
    }
    assertEquals(20, scores.path("kept_by_threshold").size());
    for (CapFiltText.Source source : CapFiltText.Source.values()) {
      JsonNode bins = scores.path("histogram").path(source.word());
      for (int bin = 0; bin < 20; bin++) {
        long expected = reaching(source, bin / 20.0) - reaching(source, (bin + 1) / 20.0);
        assertEquals(expected, bins.get(bin).asLong(), source + " " + bin);
      }
    }
    assertEquals(
        reaching(CapFiltText.Source.SYNTHETIC, 0) - reaching(CapFiltText.Source.SYNTHETIC, 0.8),
        scores.path("dropped").path("threshold").path("synthetic").asLong());
    assertEquals(
        reaching(CapFiltText.Source.WEB, 0.5),
        scores.path("diversity").path("web").path("distinct").asLong());
  }

  @Test
  void theNearestComeFirst() throws IOException {
    Map<String, List<Double>> distances = new TreeMap<>();
    for (JsonNode near : scores().path("near_threshold")) {
      String source = near.path("source").asText();
      double threshold = source.equals("web") ? 0.5 : 0.8;
      distances
          .computeIfAbsent(source, key -> new ArrayList<>())
          .add(Math.abs(near.path("itm_probability").floatValue() - threshold));
    }
    distances.forEach((source, all) -> assertEquals(all.stream().sorted().toList(), all, source));
    assertEquals(12, distances.get("synthetic").size());
    assertEquals(12, distances.get("web").size());
    double nearest =
        texts.stream()
            .filter(text -> text.source() == CapFiltText.Source.WEB)
            .mapToDouble(text -> Math.abs(text.itmProbability() - 0.5))
            .min()
            .orElseThrow();
    JsonNode first = scores().path("near_threshold").get(0);
    assertEquals(nearest, Math.abs(first.path("itm_probability").floatValue() - 0.5), 1e-9);
  }

  @Test
  void stepsAreReachedFromExactlyTheirThresholdOn() {
    for (int step = 0; step <= ScoreFigures.STEPS; step++) {
      float at = (float) ((double) step / ScoreFigures.STEPS);
      for (float score : new float[] {Math.nextDown(at), at, Math.nextUp(at)}) {
        if (score >= 0 && score <= 1) {
          int found = ScoreFigures.step(score);
          assertTrue(score >= (double) found / ScoreFigures.STEPS, score + "");
          assertTrue(
              found == ScoreFigures.STEPS || score < (found + 1.0) / ScoreFigures.STEPS,
              score + "");
        }
      }
    }
  }

  @Test
  void thePageShowsPicturesAndDecisions() throws IOException {
    String html = Files.readString(out.report());
    assertFalse(
        Pattern.compile("(src|href) *= *.(https?:|//)|<link|url\\(|@import|<script src|fetch\\(")
            .matcher(html)
            .find(),
        "the page needs nothing from elsewhere");
    assertEquals(5 * 12, html.split("data:image/png;base64,iVBOR", -1).length - 1);
    List<MatchResult> marks =
        Pattern.compile("data-source=\"(web|synthetic)\" data-score=\"([0-9.E-]+)\">(kept|dropped)")
            .matcher(html)
            .results()
            .toList();
    assertEquals(5 * 12 * 2, marks.size());
    for (MatchResult mark : marks) {
      double threshold = mark.group(1).equals("web") ? 0.5 : 0.8;
      boolean kept = Double.parseDouble(mark.group(2)) >= threshold;
      assertEquals(kept ? "kept" : "dropped", mark.group(3));
    }
    for (String title :
        List.of("Borderline web", "Borderline synthetic", "The worst web", "At random")) {
      assertTrue(html.contains("<h2>" + title), title);
    }
  }

  @Test
  void withoutFilterAndWithoutShardsThereIsAPageStill() throws IOException {
    Path moved = folder.resolve("moved");
    CapFiltPolicy all =
        new CapFiltPolicy(false, 0.5, CapFiltPolicy.Texts.web, 1, CapFiltPolicy.Rank.itm);
    CapFiltPlan plan =
        CapFiltData.plan(CapFiltData.write(moved, 1, 5), CapFiltData.settings().withPolicy(all));
    CapFiltFolder none = new CapFiltFolder(folder.resolve("none"));
    CapFiltStats stats = CapFiltData.run(none.path(), plan, FakeModels.quick(), 1);
    String html = Files.readString(none.report());
    assertFalse(html.contains("Try another threshold"));
    assertTrue(html.contains("At random"));
    Files.delete(plan.shards().get(0).file());
    CapFiltReport.of(stats, figures(none, plan), plan, ExampleCodec.standard())
        .write(none.report());
    assertTrue(Files.readString(none.report()).contains("no picture to be read"));
  }

  private static ScoreFigures figures(CapFiltFolder from, CapFiltPlan plan) throws IOException {
    ScoreFigures figures = new ScoreFigures(plan.settings().policy());
    for (String name : plan.names()) {
      for (String line : Files.readAllLines(from.scores(name))) {
        figures.add(name, ScoreLine.parse(line, name));
      }
    }
    return figures;
  }
}
