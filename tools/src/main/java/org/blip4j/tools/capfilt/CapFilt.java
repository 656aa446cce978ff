package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.predict.PredictorOptions;

/**
 * CapFilt from shards and models to a folder of shards: what the commands call.
 *
 * <p>What is refused has changed nothing: models are opened before the folder is touched.
 *
 * @param out the output folder
 * @param work how this process works
 * @param codec column names of the input
 * @param overwrite whether what an earlier run left in the folder is removed first
 */
public record CapFilt(
    CapFiltFolder out, CapFiltJob.Work work, ExampleCodec codec, boolean overwrite) {
  /** Works into a folder with one worker, from records with standard columns. */
  public static CapFilt into(
      Path out, int batchSize, BooleanSupplier stop, CapFiltListener listener) {
    return new CapFilt(
        new CapFiltFolder(out),
        new CapFiltJob.Work(1, batchSize, ShardLedger.LEASE, stop, listener),
        ExampleCodec.standard(),
        false);
  }

  /**
   * What is to be done.
   *
   * @param shards all input shards
   * @param names those that this process takes part in; empty means all
   * @param settings what decides the result
   */
  public record Task(
      ImmutableList<CapFiltPlan.Shard> shards,
      ImmutableList<String> names,
      CapFiltSettings settings) {
    /** All shards. */
    public static Task all(List<CapFiltPlan.Shard> shards, CapFiltSettings settings) {
      return new Task(ImmutableList.copyOf(shards), ImmutableList.of(), settings);
    }
  }

  /** Captions and filters; models are opened only if there is something left to do. */
  public CapFiltStats run(Task task, CapFiltModels models, PredictorOptions options)
      throws IOException {
    CapFiltPlan plan = CapFiltPlan.of(task.shards(), task.settings(), models);
    CapFiltJob job = new CapFiltJob(out, plan, work, codec);
    List<String> names = task.names().isEmpty() ? plan.names() : task.names();
    check(plan);
    if (!overwrite && out.isFinished()) {
      return job.run(CapFilt::unexpected, names);
    }
    boolean twice = !plan.settings().policy().rules().repeats().none();
    if (!overwrite && twice && out.scored().isFinished()) {
      return decide(plan, names);
    }
    try (CapFiltStep step = CapFiltStep.open(models, task.settings(), options)) {
      clear();
      JudgedRecords.Opener judged = JudgedRecords.by(step, work.batchSize(), source());
      if (!twice) {
        return job.run(judged, names);
      }
      CapFiltStats stats = new CapFiltJob(out.scored(), plan, work, codec).run(judged, names);
      if (!out.scored().isFinished()) {
        return stats;
      }
    } catch (IOException e) {
      if (!twice || !out.isFinished()) {
        throw e;
      } // else others have finished all and cleared up what this one was still to look at
    }
    return decide(plan, names);
  }

  /** The second pass of a run with rules over the whole set: all shards are scored. */
  private CapFiltStats decide(CapFiltPlan plan, List<String> names) throws IOException {
    Optional<CapFiltStats> all = Optional.empty();
    try {
      if (!out.isFinished()) {
        WholeSet set = WholeSet.of(out.scored(), plan, source());
        CapFiltJob job = new CapFiltJob(out, plan, work.withListener(CapFiltListener.NONE), codec);
        all = Optional.of(job.run(JudgedRecords.recorded(out.scored(), plan, set, source())));
      }
    } catch (IOException e) {
      if (!out.isFinished()) {
        throw e;
      }
    }
    if (out.isFinished()) {
      AtomicFolder.remove(out.scored().path());
    }
    if (all.isPresent() && names.equals(plan.names())) {
      return all.get();
    }
    return CapFiltStats.count(
        out, plan, names.stream().filter(out.list().done()::contains).toList());
  }

  /**
   * Decides anew from the scores of a finished run, without a model.
   *
   * @param decided the policy to decide by, made of the settings of that run
   * @param data the input shards, if they no longer lie where they lay
   */
  public CapFiltStats rethreshold(
      CapFiltFolder from,
      Function<CapFiltSettings, CapFiltPolicy> decided,
      Optional<ImmutableList<CapFiltPlan.Shard>> data)
      throws IOException {
    if (from.path().toAbsolutePath().normalize().equals(out.path().toAbsolutePath().normalize())) {
      throw new IllegalArgumentException(
          "--from and --out are both " + out.path() + "; write the new set to another folder");
    }
    CapFiltPlan old = finishedPlan(from);
    CapFiltSettings settings = old.settings();
    CapFiltPlan plan =
        new CapFiltPlan(
            old.format(),
            data.orElse(ImmutableList.copyOf(old.shards())),
            settings.withPolicy(decided.apply(settings)),
            old.captioner(),
            old.filter());
    String difference =
        new CapFiltPlan(old.format(), plan.shards(), settings, old.captioner(), old.filter())
            .differenceTo(old);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          "--data does not name the shards that were scored: " + difference);
    }
    check(plan);
    clear();
    return new CapFiltJob(out, plan, work, codec)
        .run(JudgedRecords.recorded(from, plan, WholeSet.of(from, plan, source()), source()));
  }

  /**
   * What a finished folder was made of.
   *
   * @throws IOException if it is none, or not complete
   */
  static CapFiltPlan finishedPlan(CapFiltFolder folder) throws IOException {
    CapFiltPlan plan = folder.readPlan();
    if (!folder.isFinished()) {
      throw new IOException(
          folder.path()
              + " is not complete: it has no _SUCCESS; run capfilt on it to the end first");
    }
    return plan;
  }

  private void check(CapFiltPlan plan) throws IOException {
    if (!overwrite) {
      out.check(plan);
    }
  }

  private void clear() throws IOException {
    if (overwrite) {
      out.clear();
    }
  }

  private SourceOptions source() {
    return SourceOptions.strict().withCodec(codec);
  }

  private static JudgedRecords unexpected(CapFiltPlan.Shard shard) {
    throw new IllegalStateException("shard " + shard.name() + " of a finished folder was opened");
  }
}
