package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.blip4j.tools.bootstrap.BootstrapFolder;
import org.blip4j.tools.report.LineChart;
import org.blip4j.tools.report.LineChart.Color;
import org.blip4j.tools.report.ReportPage;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneTruth;
import org.blip4j.tools.scenes.WebText;

/**
 * Everything that the quickstart's report shows.
 *
 * @param summary the before and after
 * @param retrieved pictures that R@1 is measured over
 * @param filter how well the filter judged
 * @param threshold least match probability of a kept text
 * @param charts loss curves of both pre-trainings and of the fine-tunings
 * @param examples some web pictures with their texts, scores and decisions
 * @param heldOut held-out pictures with both models' captions, those that differ first
 * @param settings sizes of sets and model, steps, machine
 * @param places what lies where
 * @param commands what can be done next
 */
public record QuickstartReport(
    QuickstartSummary summary,
    int retrieved,
    FilterFigures filter,
    double threshold,
    ImmutableList<LineChart> charts,
    ImmutableList<Example> examples,
    HeldOut heldOut,
    ImmutableList<Entry> settings,
    ImmutableList<Entry> places,
    ImmutableList<Entry> commands) {
  private static final int HELD_OUT_SHOWN = 12;
  private static final int SHOWN_OF_KIND = 3;

  /** Entropy of guessing one match in three: where ITM begins. */
  private static final OptionalDouble ITM_BASELINE = OptionalDouble.of(0.6365);

  /**
   * A web picture and what CapFilt made of it.
   *
   * @param picture source of the image
   * @param judged texts, scores, decisions, truth
   */
  public record Example(String picture, JudgedPicture judged) {}

  /**
   * What the two models say of the held-out pictures.
   *
   * @param pictures how many there are
   * @param better where only the second model is right
   * @param worse where only the first one is
   * @param shown some of them
   */
  public record HeldOut(int pictures, long better, long worse, ImmutableList<Said> shown) {}

  /**
   * A held-out picture and both captions.
   *
   * @param picture source of the image
   * @param truth its own caption
   * @param first caption of the model of raw web texts
   * @param firstRight whether it is fully right
   * @param second caption of the model of the bootstrapped set
   * @param secondRight whether it is fully right
   */
  public record Said(
      String picture,
      String truth,
      String first,
      boolean firstRight,
      String second,
      boolean secondRight) {
    /** Pictures on which one model is right come first, then those with other captions. */
    private int rank() {
      return firstRight != secondRight ? 0 : first.equals(second) ? 2 : 1;
    }
  }

  /**
   * A line of a table.
   *
   * @param name such as "web set"
   * @param value such as "10,000 pictures"
   */
  public record Entry(String name, String value) {}

  /** The page. */
  public String html() throws IOException {
    return ReportPage.html("quickstart.ftlh", this);
  }

  /** Writes the page. */
  public void write(Path file) throws IOException {
    ReportPage.write(file, "quickstart.ftlh", this);
  }

  /** Gathers the report from what the stages left. */
  static QuickstartReport of(
      Quickstart.Plan plan,
      Quickstart.Folder folder,
      SceneEvaluation evaluation,
      QuickstartSummary summary,
      List<JudgedPicture> judged)
      throws IOException {
    SceneData data = new SceneData(folder.data(), plan.data());
    BootstrapFolder runs = folder.bootstrap();
    return new QuickstartReport(
        summary,
        evaluation.heldOut().distinct().size(),
        FilterFigures.of(judged),
        runs.capfilt(1).readPlan().settings().policy().threshold(),
        charts(runs),
        examples(SceneData.Pictures.read(data, SceneData.Split.WEB), judged),
        heldOut(folder, evaluation),
        settings(plan),
        ImmutableList.of(
            new Entry("The new model", BootstrapFolder.modelOf(runs.model(1)).path().toString()),
            new Entry("The same, exported", folder.served().toString()),
            new Entry(
                "The captioner", BootstrapFolder.modelOf(runs.captioner(1)).path().toString()),
            new Entry("The filter", BootstrapFolder.modelOf(runs.filter(1)).path().toString()),
            new Entry("The bootstrapped set", runs.capfilt(1).path().toString()),
            new Entry("All sets, and the truth", folder.data().toString())),
        commands(folder, runs, data));
  }

  private static ImmutableList<Entry> commands(
      Quickstart.Folder folder, BootstrapFolder runs, SceneData data) {
    return ImmutableList.of(
        new Entry(
            "Caption the held-out pictures",
            "tools/blip caption --model %s %s"
                .formatted(folder.served(), data.shards(SceneData.Split.HELD_OUT).get(0))),
        new Entry(
            "Filter more strictly",
            "tools/blip capfilt rethreshold --from %s --threshold 0.8 --out %s"
                .formatted(runs.capfilt(1).path(), folder.path().resolve("stricter"))),
        new Entry(
            "Look into the new set",
            "tools/blip records show %s"
                .formatted(
                    runs.capfilt(1)
                        .path()
                        .resolve(data.shards(SceneData.Split.WEB).get(0).getFileName()))),
        new Entry("Do the same with your own data", "tools/blip bootstrap --help"));
  }

  private static ImmutableList<LineChart> charts(BootstrapFolder runs) throws IOException {
    List<LineChart.Run> both =
        List.of(
            new LineChart.Run("raw web texts", Color.FIRST, runs.model(0)),
            new LineChart.Run("bootstrapped", Color.SECOND, runs.model(1)));
    List<LineChart.Run> captioner =
        List.of(new LineChart.Run("fine-tuning", Color.THIRD, runs.captioner(1)));
    List<LineChart.Run> filter =
        List.of(new LineChart.Run("fine-tuning", Color.THIRD, runs.filter(1)));
    OptionalDouble none = OptionalDouble.empty();
    return ImmutableList.of(
        LineChart.ofRuns("Pre-training: image-text contrastive loss", "loss_itc", none, both),
        LineChart.ofRuns("Pre-training: image-text matching loss", "loss_itm", ITM_BASELINE, both),
        LineChart.ofRuns("Pre-training: language modelling loss", "loss_lm", none, both),
        LineChart.ofRuns("Captioner: language modelling loss", "loss_lm", none, captioner),
        LineChart.ofRuns("Filter: image-text matching loss", "loss_itm", ITM_BASELINE, filter));
  }

  /** The first few pictures of each kind of web text. */
  private static ImmutableList<Example> examples(
      ImmutableMap<String, byte[]> pictures, List<JudgedPicture> all) {
    Map<WebText.Kind, Integer> shown = new EnumMap<>(WebText.Kind.class);
    ImmutableList.Builder<Example> examples = ImmutableList.builder();
    for (JudgedPicture judged : all) {
      if (shown.merge(judged.kind(), 1, Integer::sum) <= SHOWN_OF_KIND) {
        examples.add(new Example(ReportPage.png(pictures.get(judged.key())), judged));
      }
    }
    return examples.build();
  }

  private static HeldOut heldOut(Quickstart.Folder folder, SceneEvaluation evaluation)
      throws IOException {
    List<String> first = ModelAnswers.read(folder.answers("first")).captions();
    List<String> second = ModelAnswers.read(folder.answers("second")).captions();
    List<SceneTruth> truths = evaluation.heldOut().pictures();
    List<Said> all = new ArrayList<>();
    for (int i = 0; i < truths.size(); i++) {
      SceneTruth truth = truths.get(i);
      all.add(
          new Said(
              ReportPage.png(evaluation.pictures().get(truth.key())),
              truth.text(),
              first.get(i),
              truth.isFullyRight(first.get(i)),
              second.get(i),
              truth.isFullyRight(second.get(i))));
    }
    return heldOut(all);
  }

  /** Counts all and shows some. */
  static HeldOut heldOut(List<Said> all) {
    return new HeldOut(
        all.size(),
        all.stream().filter(said -> said.secondRight() && !said.firstRight()).count(),
        all.stream().filter(said -> said.firstRight() && !said.secondRight()).count(),
        all.stream()
            .sorted(Comparator.comparingInt(Said::rank))
            .limit(HELD_OUT_SHOWN)
            .collect(ImmutableList.toImmutableList()));
  }

  private static ImmutableList<Entry> settings(Quickstart.Plan plan) {
    SceneData.Plan sizes = plan.data();
    return ImmutableList.of(
        setting("Human-annotated set", "%,d pictures", sizes.human()),
        setting("Web set", "%,d pictures", sizes.web()),
        setting("Held-out set", "%,d pictures", sizes.heldOut()),
        setting("Batch", "%,d pairs", plan.batch()),
        setting("Each pre-training", "%,d steps", plan.pretrainSteps()),
        setting("Captioner", "%,d steps", plan.captionerSteps()),
        setting("Filter", "%,d steps", plan.filterSteps()),
        setting("Processors", "%d", Runtime.getRuntime().availableProcessors()));
  }

  private static Entry setting(String name, String format, long value) {
    return new Entry(name, String.format(Locale.ROOT, format, value));
  }
}
