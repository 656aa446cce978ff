package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.capfilt.CapFilt;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.tools.capfilt.CapFiltPlan;
import org.blip4j.tools.capfilt.CapFiltStats;
import org.blip4j.tools.console.ProgramVersion;
import org.blip4j.training.config.Cluster;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.run.Trainer;
import org.tensorflow.proto.ConfigProto;

/**
 * Bootstrapping: pre-training on human and web texts; then, in each round, a captioner and a filter
 * fine-tuned on the human set from the newest model, CapFilt over the web set, and a new model from
 * scratch on the human set and all that was kept (blip-spec 6.1).
 */
public final class Bootstrap {
  private final BootstrapConfig config;
  private final BootstrapFolder folder;
  private final Context context;
  private final ShardSet human;
  private final ShardSet web;

  private Bootstrap(BootstrapConfig config, BootstrapFolder folder, Context context)
      throws IOException {
    this.config = config;
    this.folder = folder;
    this.context = context;
    this.human = ShardSet.find(config.human());
    this.web = ShardSet.find(config.web());
  }

  /**
   * On what and for whom the stages run.
   *
   * @param session threads and devices
   * @param precision what products are computed in
   * @param program version and commit, for provenance
   * @param stop asked between steps and records; true ends the stage with {@link Stages.Stopped}
   * @param listener hears of the stages
   */
  public record Context(
      ConfigProto session,
      Precision precision,
      ProgramVersion program,
      BooleanSupplier stop,
      Stages.Listener listener) {
    /** Refuses missing parts, and a precision that nothing can be trained in. */
    public Context {
      Kernels.forTraining(precision, Kernels.mayUseGpu(session));
      Objects.requireNonNull(program, "program");
      Objects.requireNonNull(stop, "stop");
      Objects.requireNonNull(listener, "listener");
    }

    /** How models are run. */
    public PredictorOptions inference() {
      return PredictorOptions.of(session, precision);
    }
  }

  /**
   * Begins in a folder, or goes on with what was begun there.
   *
   * @throws IllegalArgumentException if the folder was begun with another configuration
   * @throws IOException if the folder holds something else, or shards are missing
   */
  public static Bootstrap in(BootstrapFolder folder, BootstrapConfig config, Context context)
      throws IOException {
    Bootstrap bootstrap = new Bootstrap(config, folder, context);
    bootstrap.claimFolder();
    return bootstrap;
  }

  /** How many stages a number of rounds has. */
  public static int count(int rounds) {
    return 1 + 4 * rounds;
  }

  /** Runs all stages; their reports. */
  public ImmutableList<Stages.Report> run(int rounds) throws IOException {
    return new Stages(folder::mark, context.listener(), count(rounds)).run(stages(rounds));
  }

  /** The stages of a number of rounds, in order. */
  public ImmutableList<Stages.Stage> stages(int rounds) {
    if (rounds < 1) {
      throw new IllegalArgumentException(rounds + " rounds bootstrap nothing; use 1 or more");
    }
    ImmutableList.Builder<Stages.Stage> stages = ImmutableList.builder();
    stages.add(new Stages.Stage("pretrain-first", () -> pretrain(folder.first(), web.paths())));
    for (int i = 1; i <= rounds; i++) {
      int round = i;
      Path base = folder.model(round - 1);
      stages.add(
          new Stages.Stage(
              "captioner-" + i, () -> finetune(config.captioner(), base, folder.captioner(round))),
          new Stages.Stage(
              "filter-" + i, () -> finetune(config.filter(), base, folder.filter(round))),
          new Stages.Stage(
              "capfilt-" + i,
              () ->
                  capfilt(
                      folder.captioner(round),
                      folder.filter(round),
                      config.capfilt(),
                      folder.capfilt(round))),
          new Stages.Stage(
              "pretrain-" + i,
              () -> pretrain(folder.model(round), keptShards(folder.capfilt(round)))));
    }
    return stages.build();
  }

  /** Pre-trains anew on the human set and other shards. */
  Map<String, Double> pretrain(Path run, List<Path> noisy) throws IOException {
    return train(config.pretrain(), inputs(withHuman(noisy)), run);
  }

  /** Trains the model of a run further on the human set and other shards. */
  Map<String, Double> train(RunConfig config, Path base, List<Path> noisy, Path out)
      throws IOException {
    StartingModel start = StartingModel.of(BootstrapFolder.modelOf(base));
    return train(config, inputs(withHuman(noisy)).startingFrom(start), out);
  }

  /** Trains the model of a run further on the human set alone. */
  Map<String, Double> finetune(RunConfig config, Path base, Path out) throws IOException {
    return train(config, base, ImmutableList.of(), out);
  }

  private ShardSet withHuman(List<Path> noisy) {
    return ShardSet.of(ImmutableList.<Path>builder().addAll(human.paths()).addAll(noisy).build());
  }

  private Map<String, Double> train(RunConfig run, RunInputs inputs, Path out) throws IOException {
    Map<String, Double> last = new TreeMap<>();
    TrainingListener listener =
        TrainingListener.all(context.listener().training(), report -> keep(report, last));
    Trainer.Outcome outcome =
        Trainer.of(run, inputs).stoppingWhen(context.stop()).run(out, listener);
    if (!outcome.finished()) {
      throw new Stages.Stopped("stopped at step " + outcome.step() + " of " + out);
    }
    return ImmutableMap.copyOf(last);
  }

  /** Captions and filters the web set by the models of two runs. */
  Map<String, Double> capfilt(
      Path captioner, Path filter, CapFiltSettings settings, CapFiltFolder set) throws IOException {
    CapFiltModels models =
        new CapFiltModels(Optional.of(source(captioner)), Optional.of(source(filter)));
    Path out = set.path();
    ImmutableList<CapFiltPlan.Shard> shards = CapFiltPlan.Shard.of(web);
    CapFiltStats stats =
        CapFilt.into(
                out,
                config.capfiltBatch(),
                context.stop(),
                context.listener().capfilt(shards.size()))
            .run(CapFilt.Task.all(shards, settings), models, context.inference());
    if (stats.shards() < shards.size()) {
      throw new Stages.Stopped(
          "stopped with %d of %d shards done in %s".formatted(stats.shards(), shards.size(), out));
    }
    CapFiltStats.Totals totals = stats.totals();
    return ImmutableMap.<String, Double>builder()
        .put("read", (double) totals.read())
        .put("kept_web", (double) totals.kept().web())
        .put("kept_synthetic", (double) totals.kept().synthetic())
        .put("dropped_web", (double) totals.dropped().web())
        .put("dropped_synthetic", (double) totals.dropped().synthetic())
        .put("unreadable", (double) totals.unreadable())
        .put("images_per_second", stats.imagesPerSecond())
        .buildOrThrow();
  }

  /** The shards of a bootstrapped set. */
  List<Path> keptShards(CapFiltFolder set) throws IOException {
    return CapFiltPlan.Shard.of(web).stream().map(CapFiltPlan.Shard::name).map(set::shard).toList();
  }

  private static ModelSource source(Path run) {
    return new ModelSource.Folder(BootstrapFolder.modelOf(run));
  }

  /** All kept texts of a bootstrapped record make pairs, not only its best one. */
  private RunInputs inputs(ShardSet shards) {
    return new RunInputs(
        Mixture.of(shards),
        ExampleCodec.bootstrapped(),
        Optional.empty(),
        context.session(),
        context.precision(),
        context.program().version(),
        context.program().commit(),
        Cluster.ALONE);
  }

  private void claimFolder() throws IOException {
    if (Files.exists(folder.config())) {
      BootstrapConfig before = ConfigJson.read(folder.config(), BootstrapConfig.class);
      if (!before.equals(config)) {
        throw new IllegalArgumentException(
            "%s was begun with another configuration, see %s; choose another folder"
                .formatted(folder.path(), folder.config()));
      }
      return;
    }
    if (Files.exists(folder.first())) {
      throw new IOException(
          folder.path() + " holds runs but no " + folder.config() + "; choose another folder");
    }
    Files.createDirectories(folder.path());
    ConfigJson.write(folder.config(), config);
  }

  /** Keeps the last losses and shares of right answers. */
  private static void keep(StepReport report, Map<String, Double> last) {
    last.put("steps", (double) report.step());
    report
        .means()
        .forEach(
            (name, value) -> {
              if (name.startsWith("loss") || name.endsWith("accuracy")) {
                last.put(name, value);
              }
            });
  }
}
