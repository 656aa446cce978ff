package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.InputShard;
import org.blip4j.savedmodel.capfilt.ModelScores;
import org.blip4j.savedmodel.capfilt.PredictorModels;
import org.blip4j.savedmodel.capfilt.ScoredRecords;
import org.tensorflow.proto.ConfigProto;

/**
 * CapFilt from shards and models to a folder of shards: what the commands call.
 *
 * @param out the output folder
 * @param work how this process works
 * @param codec column names of the input
 */
public record CapFilt(CapFiltFolder out, CapFiltJob.Work work, ExampleCodec codec) {
  /** Works into a folder with one worker, from records with standard columns. */
  public static CapFilt into(Path out, CapFiltListener listener) {
    return new CapFilt(
        new CapFiltFolder(out), CapFiltJob.Work.single(listener), ExampleCodec.standard());
  }

  /**
   * What is to be done.
   *
   * @param shards all input shards
   * @param names those that this process takes part in; empty means all
   * @param settings what decides the result
   */
  public record Task(
      ImmutableList<InputShard> shards, ImmutableList<String> names, CapFiltSettings settings) {
    /** All shards. */
    public static Task all(List<InputShard> shards, CapFiltSettings settings) {
      return new Task(ImmutableList.copyOf(shards), ImmutableList.of(), settings);
    }
  }

  /** Captions and filters; models are opened only if there is something left to do. */
  public CapFiltStats run(Task task, CapFiltModels models, ConfigProto session) throws IOException {
    CapFiltPlan plan =
        new CapFiltPlan(
            CapFiltPlan.FORMAT,
            task.shards(),
            task.settings(),
            models.captionerIdentity(task.settings()),
            models.filterIdentity(task.settings()));
    CapFiltJob job = new CapFiltJob(out, plan, work);
    List<String> names = task.names().isEmpty() ? plan.names() : task.names();
    if (job.isFinished()) {
      return job.run(shard -> unexpected(shard), names);
    }
    try (PredictorModels opened = PredictorModels.open(models, task.settings(), session)) {
      return job.run(ModelScores.opener(task.settings(), opened, source()), names);
    }
  }

  /**
   * Decides anew from the scores of a finished run, without a model.
   *
   * @param data the input shards, if they no longer lie where they lay
   */
  public CapFiltStats rethreshold(
      CapFiltFolder from, double threshold, Optional<ImmutableList<InputShard>> data)
      throws IOException {
    CapFiltPlan old = from.readPlan();
    if (!from.isFinished()) {
      throw new IOException(
          from.path() + " is not complete: it has no _SUCCESS; run capfilt on it to the end first");
    }
    CapFiltSettings settings = old.settings();
    if (!settings.policy().filter()) {
      throw new IllegalArgumentException(
          from.path() + " was made with --no-filter; there are no scores to decide by");
    }
    CapFiltPlan plan =
        new CapFiltPlan(
            CapFiltPlan.FORMAT,
            data.orElse(ImmutableList.copyOf(old.shards())),
            settings.withPolicy(settings.policy().withThreshold(threshold)),
            old.captioner(),
            old.filter());
    String difference =
        new CapFiltPlan(old.format(), plan.shards(), settings, plan.captioner(), plan.filter())
            .differenceTo(old);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          "--data does not name the shards that were scored: " + difference);
    }
    return new CapFiltJob(out, plan, work).run(RecordedScores.opener(from, source()), plan.names());
  }

  private SourceOptions source() {
    return SourceOptions.strict().withCodec(codec);
  }

  private static ScoredRecords unexpected(InputShard shard) {
    throw new IllegalStateException("shard " + shard.name() + " of a finished folder was opened");
  }
}
