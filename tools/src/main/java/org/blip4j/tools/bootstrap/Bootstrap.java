package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.FieldAliases;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.InputShard;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.tools.capfilt.CapFilt;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.tools.capfilt.CapFiltStats;
import org.blip4j.tools.capfilt.CapFiltTotals;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.run.Trainer;

/**
 * Bootstrapping: pre-training on human and web texts; then, in each round, a captioner and a filter
 * fine-tuned on the human set from the newest model, CapFilt over the web set, and a new model from
 * scratch on the human set and all that was kept (blip-spec 6.1).
 */
public final class Bootstrap {
  private final BootstrapConfig config;
  private final BootstrapFolder folder;
  private final BootstrapContext context;
  private final StageMarks marks;
  private final ShardSet human;
  private final ShardSet web;

  private Bootstrap(BootstrapConfig config, BootstrapFolder folder, BootstrapContext context)
      throws IOException {
    this.config = config;
    this.folder = folder;
    this.context = context;
    this.marks = new StageMarks(folder::mark, context.listener());
    this.human = ShardSet.find(config.human());
    this.web = ShardSet.find(config.web());
  }

  /**
   * Begins in a folder, or goes on with what was begun there.
   *
   * @throws IllegalArgumentException if the folder was begun with another configuration
   * @throws IOException if the folder holds something else, or shards are missing
   */
  public static Bootstrap in(
      BootstrapFolder folder, BootstrapConfig config, BootstrapContext context) throws IOException {
    Bootstrap bootstrap = new Bootstrap(config, folder, context);
    bootstrap.claimFolder();
    return bootstrap;
  }

  /** Runs all stages; returns their reports. */
  public ImmutableList<StageReport> run(int rounds) throws IOException {
    if (rounds < 1) {
      throw new IllegalArgumentException(rounds + " rounds bootstrap nothing; use 1 or more");
    }
    ImmutableList.Builder<StageReport> reports = ImmutableList.builder();
    reports.add(marks.run("pretrain-first", () -> pretrain(folder.first(), web.paths())));
    for (int round = 1; round <= rounds; round++) {
      reports.addAll(round(round));
    }
    return reports.build();
  }

  private ImmutableList<StageReport> round(int round) throws IOException {
    ModelFolder base = BootstrapFolder.modelOf(folder.model(round - 1));
    String suffix = "-" + round;
    return ImmutableList.of(
        marks.run(
            "captioner" + suffix,
            () -> finetune(config.captioner(), base, folder.captioner(round))),
        marks.run("filter" + suffix, () -> finetune(config.filter(), base, folder.filter(round))),
        marks.run("capfilt" + suffix, () -> capfilt(round)),
        marks.run("pretrain" + suffix, () -> pretrain(folder.model(round), keptShards(round))));
  }

  private Map<String, Double> pretrain(Path run, List<Path> noisy) throws IOException {
    ImmutableList<Path> shards =
        ImmutableList.<Path>builder().addAll(human.paths()).addAll(noisy).build();
    return train(config.pretrain(), inputs(ShardSet.of(shards)), run);
  }

  private Map<String, Double> finetune(RunConfig run, ModelFolder base, Path out)
      throws IOException {
    return train(run, inputs(human).startingFrom(base), out);
  }

  private Map<String, Double> train(RunConfig run, RunInputs inputs, Path out) throws IOException {
    LastMetrics metrics = new LastMetrics(context.listener().training());
    Trainer.of(run, inputs).run(out, metrics);
    return metrics.figures();
  }

  private Map<String, Double> capfilt(int round) throws IOException {
    CapFiltModels models =
        new CapFiltModels(
            Optional.of(source(folder.captioner(round))),
            Optional.of(source(folder.filter(round))));
    CapFiltStats stats =
        CapFilt.into(folder.capfilt(round).path(), context.listener().capfilt(web.paths().size()))
            .run(CapFilt.Task.all(InputShard.of(web), config.capfilt()), models, context.session());
    CapFiltTotals totals = stats.totals();
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

  private List<Path> keptShards(int round) throws IOException {
    CapFiltFolder set = folder.capfilt(round);
    return InputShard.of(web).stream().map(InputShard::name).map(set::shard).toList();
  }

  private static ModelSource source(Path run) {
    return new ModelSource.Folder(BootstrapFolder.modelOf(run));
  }

  /** All kept texts of a bootstrapped record make pairs, not only its best one. */
  private RunInputs inputs(ShardSet shards) {
    FieldAliases standard = FieldAliases.STANDARD;
    ImmutableList<String> texts =
        ImmutableList.<String>builder().add("captions").addAll(standard.text()).build();
    return new RunInputs(
        Mixture.of(shards),
        new ExampleCodec(new FieldAliases(standard.image(), texts, standard.key())),
        Optional.empty(),
        context.session(),
        context.version(),
        context.commit());
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
}
