package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.math.Stats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.TaskConfig;

/**
 * The paper's comparison of ways to bootstrap (blip-spec 6.2): for each way a model, all of them
 * pre-trained for the same number of updates and measured on the same held-out records, for several
 * seeds.
 *
 * <p>The folder of a seed is that of a bootstrapping of two rounds; what other ways need lies
 * beside it in {@code rows}. Every stage leaves a mark, so that a second start goes on.
 */
public final class Ablation {
  private static final String DATA = "data";
  private static final String EVALUATE = "evaluate-";

  /** What one seed trains, and how its models are measured. */
  public interface Trial {
    /** Makes the data, if it has to be made; what there is of it. */
    default Map<String, Double> prepare() throws IOException {
      return ImmutableMap.of();
    }

    /** How it is bootstrapped; asked for once the data is there. */
    BootstrapConfig config() throws IOException;

    /** Figures of a pre-trained model; of each, more is better. */
    Map<String, Double> measure(ModelFolder model) throws IOException;

    /** Figures of a bootstrapped set beyond its counts, such as what is known of its texts. */
    default Map<String, Double> measureSet(CapFiltFolder set) throws IOException {
      return ImmutableMap.of();
    }
  }

  /** Gives the trial of a seed. */
  public interface Trials {
    /** That of one seed, which may keep its data in the folder. */
    Trial of(long seed, Path folder) throws IOException;
  }

  /**
   * What one figure of a row came to.
   *
   * @param mean over the seeds
   * @param spread standard deviation over the seeds, with n - 1; 0 for one seed
   * @param seeds the value of each, in their order
   */
  public record Figure(double mean, double spread, ImmutableList<Double> seeds) {
    static Figure of(List<Double> seeds) {
      Stats stats = Stats.of(seeds);
      return new Figure(
          stats.mean(),
          seeds.size() > 1 ? stats.sampleStandardDeviation() : 0,
          ImmutableList.copyOf(seeds));
    }
  }

  private final Path out;
  private final ImmutableList<AblationRow> rows;
  private final Bootstrap.Context context;

  /**
   * A comparison.
   *
   * @param out where all seeds work
   * @param rows the ways that are compared; the first model is trained for all of them
   */
  public Ablation(Path out, List<AblationRow> rows, Bootstrap.Context context) {
    this.out = out;
    this.rows = ImmutableList.copyOf(rows);
    this.context = context;
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("no rows are given; there is nothing to compare");
    }
  }

  /** Runs what is left; the figures of each row by name. */
  public ImmutableMap<AblationRow, ImmutableMap<String, Figure>> run(
      List<Long> seeds, Trials trials) throws IOException {
    Set<String> names = new LinkedHashSet<>(List.of(DATA, "pretrain-first"));
    for (AblationRow row : rows) {
      names.addAll(row.stages());
      names.add(EVALUATE + row.word());
    }
    Stages stages =
        new Stages(
            name -> out.resolve(name.replaceFirst("/", "/stages/") + ".json"),
            context.listener(),
            names.size() * seeds.size());
    Map<AblationRow, Map<String, List<Double>>> found = new EnumMap<>(AblationRow.class);
    for (long seed : seeds) {
      Path folder = out.resolve("seed-" + seed);
      Map<String, Stages.Report> reports = new LinkedHashMap<>();
      OfSeed work = new OfSeed(new BootstrapFolder(folder), trials.of(seed, folder), reports);
      for (String name : names) {
        Stages.Stage stage = new Stages.Stage("seed-" + seed + "/" + name, () -> work.run(name));
        reports.put(name, stages.run(stage));
      }
      for (AblationRow row : rows) {
        Map<String, List<Double>> figures = found.computeIfAbsent(row, r -> new LinkedHashMap<>());
        reports
            .get(EVALUATE + row.word())
            .figures()
            .forEach(
                (name, value) -> figures.computeIfAbsent(name, n -> new ArrayList<>()).add(value));
      }
    }
    ImmutableMap.Builder<AblationRow, ImmutableMap<String, Figure>> all = ImmutableMap.builder();
    found.forEach(
        (row, figures) -> {
          ImmutableMap.Builder<String, Figure> own = ImmutableMap.builder();
          figures.forEach((name, values) -> own.put(name, Figure.of(values)));
          all.put(row, own.buildOrThrow());
        });
    return all.buildOrThrow();
  }

  /** The stages of one seed by name. */
  private final class OfSeed {
    private final BootstrapFolder folder;
    private final Trial trial;
    private final Map<String, Stages.Report> reports;

    OfSeed(BootstrapFolder folder, Trial trial, Map<String, Stages.Report> reports) {
      this.folder = folder;
      this.trial = trial;
      this.reports = reports;
    }

    Map<String, Double> run(String name) throws IOException {
      if (name.equals(DATA)) {
        return trial.prepare();
      }
      BootstrapConfig config = trial.config();
      requireSteps(config.pretrain());
      if (name.startsWith(EVALUATE)) {
        return evaluate(AblationRow.of(name.substring(EVALUATE.length())));
      }
      Bootstrap bootstrap = Bootstrap.in(folder, config, context);
      for (Stages.Stage stage : bootstrap.stages(2)) {
        if (stage.name().equals(name)) {
          return stage.work().run();
        }
      }
      AblationRow row = AblationRow.of(name.substring(name.indexOf('-') + 1));
      Path shared = AblationRow.SHARED.own(folder).resolve("finetuned");
      boolean decoupled = row != AblationRow.SHARED;
      return switch (name.substring(0, name.indexOf('-'))) {
        case "finetune" ->
            bootstrap.finetune(
                further(config.pretrain().part(), config.filter()), folder.first(), shared);
        case "capfilt" ->
            bootstrap.capfilt(
                decoupled ? folder.captioner(1) : shared,
                decoupled ? folder.filter(1) : shared,
                row.settings(config.capfilt()),
                row.set(folder));
        case "pretrain" -> {
          List<Path> kept = bootstrap.keptShards(row.set(folder));
          yield row == AblationRow.CONTINUED
              ? bootstrap.train(
                  further(config.pretrain().part(), config.pretrain()),
                  folder.first(),
                  kept,
                  row.model(folder))
              : bootstrap.pretrain(row.model(folder), kept);
        }
        default -> throw new IllegalStateException("stage " + name);
      };
    }

    private Map<String, Double> evaluate(AblationRow row) throws IOException {
      Map<String, Double> figures = new LinkedHashMap<>();
      figures.putAll(trial.measure(BootstrapFolder.modelOf(row.model(folder))));
      if (row.capfilt().isPresent()) {
        Map<String, Double> counts = reports.get(row.capfilt().get()).figures();
        double written = counts.get("kept_synthetic") + counts.get("dropped_synthetic");
        figures.put("kept_web", counts.get("kept_web"));
        figures.put("kept_synthetic", counts.get("kept_synthetic"));
        if (written > 0) {
          figures.put("noise", counts.get("dropped_synthetic") / written);
        }
        figures.putAll(trial.measureSet(row.set(folder)));
      }
      return figures;
    }
  }

  /** All rows are to see the same number of updates, whatever the size of their sets. */
  private static void requireSteps(RunConfig pretrain) {
    if (pretrain.duration().steps().isEmpty()) {
      throw new IllegalArgumentException(
          "pretrain.duration has %d epochs: sets of different sizes would be trained on for"
                  .formatted(pretrain.duration().epochs().orElseThrow())
              + " different numbers of updates; give steps");
    }
  }

  /** A recipe for a model that is there, with an objective. */
  private static RunConfig further(TaskConfig objective, RunConfig recipe) {
    return new RunConfig(
        objective,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        recipe.text(),
        recipe.images(),
        recipe.optimizer(),
        recipe.schedule(),
        recipe.duration(),
        recipe.keeping(),
        recipe.seed());
  }
}
