package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.bootstrap.Bootstrap;
import org.blip4j.tools.bootstrap.BootstrapFolder;
import org.blip4j.tools.bootstrap.Stages;
import org.blip4j.tools.scenes.SceneData;

/**
 * The quickstart: makes data, bootstraps, measures the model of the raw web texts and the one of
 * the bootstrapped set on held-out pictures, exports the second and captions through its
 * SavedModel.
 */
public final class Quickstart {
  private static final String DATA = "data";
  private static final String FIRST = "evaluate-first";
  private static final String SECOND = "evaluate-second";
  private static final String EXPORT = "export";
  private static final ImmutableSet<String> OWN = ImmutableSet.of(DATA, FIRST, SECOND, EXPORT);

  private final Plan plan;
  private final Folder folder;
  private final Bootstrap.Context context;
  private final SceneData data;

  private Quickstart(Plan plan, Folder folder, Bootstrap.Context context) {
    this.plan = plan;
    this.folder = folder;
    this.context = context;
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
  public static Outcome run(Path work, Plan plan, Bootstrap.Context context) throws IOException {
    Folder folder = new Folder(work.toAbsolutePath());
    folder.claim(plan);
    return new Quickstart(plan, folder, context).run();
  }

  private Outcome run() throws IOException {
    Stages stages = new Stages(this::mark, context.listener(), OWN.size() + Bootstrap.count(1));
    List<Stages.Report> reports = new ArrayList<>();
    reports.add(stages.run(new Stages.Stage(DATA, this::makeData)));
    Bootstrap bootstrap =
        Bootstrap.in(folder.bootstrap(), new QuickstartRecipe(plan, data).config(), context);
    reports.addAll(stages.run(bootstrap.stages(1)));
    SceneEvaluation evaluation = SceneEvaluation.of(data, context.inference());
    reports.addAll(
        stages.run(
            List.of(
                new Stages.Stage(FIRST, () -> evaluate(evaluation, "first", 0)),
                new Stages.Stage(SECOND, () -> evaluate(evaluation, "second", 1)),
                new Stages.Stage(EXPORT, () -> export(evaluation)))));
    ImmutableList<JudgedPicture> judged =
        JudgedPicture.read(
            folder.bootstrap().capfilt(1), data.shards(SceneData.Split.WEB), data.truth());
    QuickstartSummary summary =
        summary(
            FilterFigures.of(judged), reports.stream().mapToDouble(Stages.Report::seconds).sum());
    QuickstartReport.of(plan, folder, evaluation, summary, judged).write(folder.report());
    return new Outcome(summary, folder.report());
  }

  private Path mark(String stage) {
    return OWN.contains(stage) ? folder.mark(stage) : folder.bootstrap().mark(stage);
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
            SceneEvaluation.options(context.inference()),
            new ModelExporter.Target(folder.served(), 1, true));
    try (Predictor served =
        Predictor.open(
            new ModelSource.Exported(exported.folder()),
            SceneEvaluation.options(context.inference()))) {
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

  /**
   * How much the quickstart makes and trains.
   *
   * @param data sizes of the sets, and the seed of everything
   * @param batch pairs in a training step
   * @param pretrainSteps steps of each pre-training
   * @param captionerSteps steps of the captioner's fine-tuning
   * @param filterSteps steps of the filter's fine-tuning
   */
  public record Plan(
      SceneData.Plan data, int batch, int pretrainSteps, int captionerSteps, int filterSteps) {
    /** Refuses runs without steps. */
    public Plan {
      if (batch < 2 || Math.min(pretrainSteps, Math.min(captionerSteps, filterSteps)) < 1) {
        throw new IllegalArgumentException(
            "batch %d and %d, %d, %d steps are too few; use a batch of 2 and 1 step at least"
                .formatted(batch, pretrainSteps, captionerSteps, filterSteps));
      }
    }

    /** The sizes at which the whole loop shows its effect in minutes. */
    public static Plan standard(long seed) {
      return new Plan(SceneData.Plan.standard(seed), 64, 850, 400, 600);
    }

    /** A few steps over a few pictures: every stage runs, nothing is learned. */
    public static Plan smoke(long seed) {
      return new Plan(new SceneData.Plan(seed, 48, 96, 24, 48), 16, 4, 3, 3);
    }
  }

  /**
   * Where the quickstart works.
   *
   * @param path the folder
   */
  record Folder(Path path) {
    Path data() {
      return path.resolve("data");
    }

    BootstrapFolder bootstrap() {
      return new BootstrapFolder(path.resolve("bootstrap"));
    }

    Path answers(String model) {
      return path.resolve("answers").resolve(model + ".json");
    }

    Path served() {
      return path.resolve("served");
    }

    Path report() {
      return path.resolve("report.html");
    }

    Path mark(String stage) {
      return path.resolve("stages").resolve(stage + ".json");
    }

    /**
     * Begins here or goes on.
     *
     * @throws IOException if the folder was made by another plan or holds something else
     */
    void claim(Quickstart.Plan plan) throws IOException {
      Path file = path.resolve("quickstart.json");
      if (Files.exists(file)) {
        Quickstart.Plan before = ConfigJson.read(file, Quickstart.Plan.class);
        if (!before.equals(plan)) {
          throw new IOException(
              "%s was begun with seed %d and other sizes (%s); choose another --work"
                  .formatted(path, before.data().seed(), before));
        }
        return;
      }
      if (Files.exists(data())) {
        throw new IOException(
            path + " holds data but no " + file.getFileName() + "; choose another --work");
      }
      Files.createDirectories(path);
      ConfigJson.write(file, plan);
    }
  }
}
