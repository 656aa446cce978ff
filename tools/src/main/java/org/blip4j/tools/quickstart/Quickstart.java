package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.savedmodel.export.ExportTarget;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.bootstrap.Bootstrap;
import org.blip4j.tools.bootstrap.BootstrapContext;
import org.blip4j.tools.bootstrap.BootstrapFolder;
import org.blip4j.tools.bootstrap.StageMarks;
import org.blip4j.tools.bootstrap.StageReport;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneSet;

/**
 * The quickstart: makes data, bootstraps, measures the model of the raw web texts and the one of
 * the bootstrapped set on held-out pictures, exports the second and captions through its
 * SavedModel.
 */
public final class Quickstart {
  private final QuickstartPlan plan;
  private final QuickstartFolder folder;
  private final BootstrapContext context;
  private final StageMarks marks;
  private final SceneData data;

  private Quickstart(QuickstartPlan plan, QuickstartFolder folder, BootstrapContext context) {
    this.plan = plan;
    this.folder = folder;
    this.context = context;
    this.marks = new StageMarks(folder::mark, context.listener());
    this.data = new SceneData(folder.data(), plan.data());
  }

  /**
   * What came out.
   *
   * @param summary the table
   * @param report the page
   */
  public record Outcome(QuickstartSummary summary, Path report) {}

  /**
   * Runs all stages in a folder, or those that are left.
   *
   * @throws IOException if the folder was begun with another plan
   */
  public static Outcome run(Path work, QuickstartPlan plan, BootstrapContext context)
      throws IOException {
    QuickstartFolder folder = new QuickstartFolder(work.toAbsolutePath());
    folder.claim(plan);
    return new Quickstart(plan, folder, context).run();
  }

  private Outcome run() throws IOException {
    List<StageReport> stages = new ArrayList<>();
    stages.add(marks.run("data", this::makeData));
    stages.addAll(
        Bootstrap.in(folder.bootstrap(), new QuickstartRecipe(plan, data).config(), context)
            .run(1));
    SceneEvaluation evaluation = SceneEvaluation.of(data, context.session());
    stages.add(marks.run("evaluate-first", () -> evaluate(evaluation, "first", 0)));
    stages.add(marks.run("evaluate-second", () -> evaluate(evaluation, "second", 1)));
    stages.add(marks.run("export", () -> export(evaluation)));
    ImmutableList<CapFiltOutcome> outcomes =
        FilterOutcomes.read(folder.bootstrap().capfilt(1), data.shards(SceneSet.WEB), data.truth());
    QuickstartSummary summary =
        summary(
            FilterFigures.of(outcomes), stages.stream().mapToDouble(StageReport::seconds).sum());
    ReportWriter report = new ReportWriter(plan, folder, data, evaluation);
    QuickstartReport.write(folder.report(), report.content(summary, outcomes));
    return new Outcome(summary, folder.report());
  }

  private Map<String, Double> makeData() throws IOException {
    SceneData.write(folder.data(), plan.data());
    return ImmutableMap.of(
        "human", (double) plan.data().human(),
        "web", (double) plan.data().web(),
        "held_out", (double) plan.data().heldOut());
  }

  private Map<String, Double> evaluate(SceneEvaluation evaluation, String name, int round)
      throws IOException {
    ModelAnswers answers = evaluation.answers(model(round));
    answers.write(folder.answers(name));
    return answers.asMap();
  }

  private ModelSource model(int round) {
    return new ModelSource.Folder(BootstrapFolder.modelOf(folder.bootstrap().model(round)));
  }

  /** Exports the second model and compares what the SavedModel says with what the model said. */
  private Map<String, Double> export(SceneEvaluation evaluation) throws IOException {
    ModelExporter.Exported exported =
        ModelExporter.export(
            model(1),
            SceneEvaluation.options(context.session()),
            new ExportTarget(folder.served(), 1, true));
    try (Predictor served =
        Predictor.open(
            new ModelSource.Exported(exported.folder()),
            SceneEvaluation.options(context.session()))) {
      List<String> captions = evaluation.captions(served);
      List<String> expected = ModelAnswers.read(folder.answers("second")).captions();
      int equal = 0;
      for (int i = 0; i < captions.size(); i++) {
        equal += captions.get(i).equals(expected.get(i)) ? 1 : 0;
      }
      if (equal != captions.size()) {
        throw new IllegalStateException(
            "the SavedModel %s gives other captions than its model for %d of %d pictures"
                .formatted(exported.folder(), captions.size() - equal, captions.size()));
      }
      return ImmutableMap.of("captions", (double) captions.size(), "equal", (double) equal);
    }
  }

  private QuickstartSummary summary(FilterFigures filter, double seconds) throws IOException {
    return new QuickstartSummary(
        plan.data().seed(),
        seconds,
        filter.auc().orElse(0.5),
        filter.web().precision(),
        filter.web().recall(),
        ModelAnswers.read(folder.answers("first")).figures(),
        ModelAnswers.read(folder.answers("second")).figures());
  }
}
