package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.blip4j.tools.report.EmbeddedPng;
import org.blip4j.tools.report.LossChart;
import org.blip4j.tools.scenes.Appearance;
import org.blip4j.tools.scenes.Scene;
import org.blip4j.tools.scenes.SceneCaption;
import org.blip4j.tools.scenes.SceneRenderer;
import org.blip4j.tools.scenes.SceneTest;
import org.blip4j.tools.scenes.WebText;
import org.blip4j.tools.scenes.WebTextWriter;

/** A made-up run of the quickstart, so that its report can be tested without any model. */
final class ReportSample {
  private static final ModelFigures FIRST = new ModelFigures(0.188, 1.4321, 0.1, 0.167);
  private static final ModelFigures SECOND = new ModelFigures(0.482, 3.21, 0.467, 0.44);

  private ReportSample() {}

  static QuickstartSummary summary() {
    return new QuickstartSummary(1, 244.4, 0.954, 0.92, 0.69, FIRST, SECOND);
  }

  static List<CapFiltOutcome> outcomes(int count) {
    List<Scene> scenes = SceneTest.scenes(1, count);
    Random random = new Random(2);
    WebTextWriter writer = new WebTextWriter(random);
    List<CapFiltOutcome> outcomes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      WebText web = writer.next(scenes, i);
      boolean right = random.nextInt(3) > 0;
      List<Appearance> said = scenes.get(right ? i : (i + 1) % count).looks();
      String synthetic = SceneCaption.random(said, random).text();
      outcomes.add(
          new CapFiltOutcome(
              "web-" + i,
              web.kind(),
              judged(web.text(), web.right(), random),
              judged(
                  synthetic, SceneCaption.isFullyRight(synthetic, scenes.get(i).looks()), random)));
    }
    return outcomes;
  }

  private static JudgedText judged(String text, boolean right, Random random) {
    double score = right ? 0.35 + 0.65 * random.nextDouble() : 0.65 * random.nextDouble();
    return new JudgedText(text, right, score, score >= 0.5);
  }

  static ReportContent content() {
    List<CapFiltOutcome> outcomes = outcomes(500);
    List<Scene> scenes = SceneTest.scenes(1, 500);
    ImmutableList.Builder<ReportContent.Example> examples = ImmutableList.builder();
    ImmutableList.Builder<ReportContent.HeldOut> heldOut = ImmutableList.builder();
    for (int i = 0; i < 12; i++) {
      EmbeddedPng picture = EmbeddedPng.of(SceneRenderer.png(scenes.get(i)));
      examples.add(new ReportContent.Example(picture, outcomes.get(i)));
      JudgedText said = outcomes.get(i).synthetic();
      String truth = SceneCaption.random(scenes.get(i).looks(), new Random(i)).text();
      heldOut.add(
          new ReportContent.HeldOut(
              picture,
              truth,
              new ReportContent.Answer("a small red circle", false),
              new ReportContent.Answer(said.text(), said.right())));
    }
    return new ReportContent(
        summary(),
        FilterFigures.of(outcomes),
        ImmutableList.of(
            chart("Contrastive loss (ITC)", 5.5, 1.9, OptionalDouble.empty()),
            chart("Matching loss (ITM)", 0.65, 0.37, OptionalDouble.of(0.6365)),
            chart("Language modelling loss (LM)", 4.3, 1.1, OptionalDouble.empty())),
        examples.build(),
        heldOut.build(),
        ImmutableList.of(
            new ReportContent.Setting("web set", "10,000 pictures"),
            new ReportContent.Setting("<model>", "ViT & text of width 64")));
  }

  private static LossChart chart(String title, double from, double to, OptionalDouble baseline) {
    return new LossChart(
        title,
        ImmutableList.of(
            curve("raw web texts", from, (from + to) / 2), curve("bootstrapped", from, to)),
        baseline);
  }

  private static LossChart.Curve curve(String name, double from, double to) {
    Random random = new Random(3);
    ImmutableList.Builder<LossChart.Point> points = ImmutableList.builder();
    for (int step = 1; step <= 800; step += 4) {
      double noise = 0.03 * from * random.nextGaussian();
      points.add(new LossChart.Point(step, to + (from - to) * Math.exp(-step / 150.0) + noise));
    }
    return new LossChart.Curve(name, points.build());
  }
}
