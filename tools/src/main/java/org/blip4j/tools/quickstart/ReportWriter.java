package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.blip4j.tools.bootstrap.BootstrapFolder;
import org.blip4j.tools.report.EmbeddedPng;
import org.blip4j.tools.report.LossChart;
import org.blip4j.tools.report.RunCharts;
import org.blip4j.tools.scenes.NoiseKind;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneDataPlan;
import org.blip4j.tools.scenes.ScenePictures;
import org.blip4j.tools.scenes.SceneSet;
import org.blip4j.tools.scenes.SceneTruth;

/** Gathers what the report shows from what the stages left. */
final class ReportWriter {
  private static final int HELD_OUT_SHOWN = 12;
  private static final int SHOWN_OF_KIND = 3;

  private final QuickstartPlan plan;
  private final QuickstartFolder folder;
  private final SceneData data;
  private final SceneEvaluation evaluation;

  ReportWriter(
      QuickstartPlan plan, QuickstartFolder folder, SceneData data, SceneEvaluation evaluation) {
    this.plan = plan;
    this.folder = folder;
    this.data = data;
    this.evaluation = evaluation;
  }

  ReportContent content(QuickstartSummary summary, List<CapFiltOutcome> outcomes)
      throws IOException {
    return new ReportContent(
        summary, FilterFigures.of(outcomes), charts(), examples(outcomes), heldOut(), settings());
  }

  private ImmutableList<LossChart> charts() throws IOException {
    BootstrapFolder runs = folder.bootstrap();
    ImmutableMap<String, Path> pretraining =
        ImmutableMap.of("raw web texts", runs.model(0), "bootstrapped", runs.model(1));
    return new RunCharts()
        .add("Pre-training: image-text contrastive loss", "loss_itc", pretraining)
        .add("Pre-training: image-text matching loss", "loss_itm", pretraining)
        .add("Pre-training: language modelling loss", "loss_lm", pretraining)
        .add(
            "Captioner: language modelling loss",
            "loss_lm",
            ImmutableMap.of("fine-tuning", runs.captioner(1)))
        .add(
            "Filter: image-text matching loss",
            "loss_itm",
            ImmutableMap.of("fine-tuning", runs.filter(1)))
        .charts();
  }

  /** The first few pictures of each kind of web text. */
  private ImmutableList<ReportContent.Example> examples(List<CapFiltOutcome> outcomes)
      throws IOException {
    ImmutableMap<String, byte[]> pictures = ScenePictures.read(data, SceneSet.WEB);
    Map<NoiseKind, Integer> shown = new EnumMap<>(NoiseKind.class);
    ImmutableList.Builder<ReportContent.Example> examples = ImmutableList.builder();
    for (CapFiltOutcome outcome : outcomes) {
      if (shown.merge(outcome.kind(), 1, Integer::sum) <= SHOWN_OF_KIND) {
        EmbeddedPng picture = EmbeddedPng.of(pictures.get(outcome.key()));
        examples.add(new ReportContent.Example(picture, outcome));
      }
    }
    return examples.build();
  }

  private ImmutableList<ReportContent.HeldOut> heldOut() throws IOException {
    List<String> first = ModelAnswers.read(folder.answers("first")).captions();
    List<String> second = ModelAnswers.read(folder.answers("second")).captions();
    List<SceneTruth> truths = evaluation.heldOut().pictures();
    ImmutableList.Builder<ReportContent.HeldOut> shown = ImmutableList.builder();
    for (int i = 0; i < Math.min(HELD_OUT_SHOWN, truths.size()); i++) {
      SceneTruth truth = truths.get(i);
      shown.add(
          new ReportContent.HeldOut(
              EmbeddedPng.of(evaluation.pictures().get(truth.key())),
              truth.text(),
              answer(truth, first.get(i)),
              answer(truth, second.get(i))));
    }
    return shown.build();
  }

  private static ReportContent.Answer answer(SceneTruth truth, String caption) {
    return new ReportContent.Answer(caption, truth.isFullyRight(caption));
  }

  private ImmutableList<ReportContent.Setting> settings() {
    SceneDataPlan sizes = plan.data();
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

  private static ReportContent.Setting setting(String name, String format, long value) {
    return new ReportContent.Setting(name, String.format(Locale.ROOT, format, value));
  }
}
