package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;
import org.blip4j.tools.report.LineChart;
import org.blip4j.tools.report.ReportPage;
import org.blip4j.tools.scenes.Appearance;
import org.blip4j.tools.scenes.Scene;
import org.blip4j.tools.scenes.SceneCaption;
import org.blip4j.tools.scenes.SceneRenderer;
import org.blip4j.tools.scenes.SceneTest;
import org.blip4j.tools.scenes.WebText;

/** A made-up run of the quickstart, so that its report can be tested without any model. */
final class ReportSample {
  private static final ModelAnswers.Figures FIRST =
      new ModelAnswers.Figures(0.188, 1.4321, 0.1, 0.167);
  private static final ModelAnswers.Figures SECOND =
      new ModelAnswers.Figures(0.482, 3.21, 0.467, 0.44);

  private ReportSample() {}

  static QuickstartSummary summary() {
    return new QuickstartSummary(1, 244.4, 0.954, 0.92, 0.69, FIRST, SECOND);
  }

  static List<JudgedPicture> outcomes(int count) {
    List<Scene> scenes = SceneTest.scenes(1, count);
    Random random = new Random(2);
    WebText.Writer writer = new WebText.Writer(random);
    List<JudgedPicture> outcomes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      WebText web = writer.next(scenes, i);
      boolean right = random.nextInt(3) > 0;
      List<Appearance> said = scenes.get(right ? i : (i + 1) % count).looks();
      String synthetic = SceneCaption.random(said, random).text();
      outcomes.add(
          new JudgedPicture(
              "web-" + i,
              web.kind(),
              judged(web.text(), web.right(), random),
              judged(
                  synthetic, SceneCaption.isFullyRight(synthetic, scenes.get(i).looks()), random)));
    }
    return outcomes;
  }

  private static JudgedPicture.Judged judged(String text, boolean right, Random random) {
    double score = right ? 0.35 + 0.65 * random.nextDouble() : 0.65 * random.nextDouble();
    return new JudgedPicture.Judged(text, right, score, score >= 0.5);
  }

  static QuickstartReport content() {
    List<JudgedPicture> outcomes = outcomes(500);
    List<Scene> scenes = SceneTest.scenes(1, 500);
    ImmutableList.Builder<QuickstartReport.Example> examples = ImmutableList.builder();
    List<QuickstartReport.Said> heldOut = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String picture = ReportPage.png(SceneRenderer.png(scenes.get(i)));
      if (i < 12) {
        examples.add(new QuickstartReport.Example(picture, outcomes.get(i)));
      }
      JudgedPicture.Judged said = outcomes.get(i).synthetic();
      String truth = SceneCaption.random(scenes.get(i).looks(), new Random(i)).text();
      heldOut.add(
          new QuickstartReport.Said(
              picture,
              truth,
              i % 3 == 0 ? said.text() : "a small red circle",
              i % 3 == 0 && said.right(),
              said.text(),
              said.right()));
    }
    return new QuickstartReport(
        summary(),
        300,
        FilterFigures.of(outcomes),
        0.5,
        ImmutableList.of(
            chart("Contrastive loss (ITC)", 5.5, 1.9, OptionalDouble.empty()),
            chart("Matching loss (ITM)", 0.65, 0.37, OptionalDouble.of(0.6365)),
            chart("Language modelling loss (LM)", 4.3, 1.1, OptionalDouble.empty())),
        examples.build(),
        QuickstartReport.heldOut(heldOut),
        ImmutableList.of(
            new QuickstartReport.Entry("web set", "10,000 pictures"),
            new QuickstartReport.Entry("<model>", "ViT & text of width 64")),
        ImmutableList.of(new QuickstartReport.Entry("The new model", "bootstrap/round-1/model")),
        ImmutableList.of(new QuickstartReport.Entry("Caption", "tools/blip caption --help")));
  }

  private static LineChart chart(String title, double from, double to, OptionalDouble baseline) {
    return new LineChart(
        title,
        "step",
        "loss",
        ImmutableList.of(
            curve("raw web texts", LineChart.Color.FIRST, from, (from + to) / 2),
            curve("bootstrapped </script>", LineChart.Color.SECOND, from, to)),
        baseline);
  }

  private static LineChart.Curve curve(String name, LineChart.Color color, double from, double to) {
    Random random = new Random(3);
    TreeMap<Integer, Double> points = new TreeMap<>();
    for (int step = 1; step <= 800; step += 4) {
      double noise = 0.03 * from * random.nextGaussian();
      points.put(step, to + (from - to) * Math.exp(-step / 150.0) + noise);
    }
    return new LineChart.Curve(name, color, points);
  }
}
