package org.blip4j.tools.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.ConsoleLog;
import org.blip4j.training.run.Trainer;

/** Fine-tunes a captioner on shards. */
public final class TrainCaptioner {
  private TrainCaptioner() {}

  /** Trains for some steps, or goes on where it was stopped before; the model is in the outcome. */
  public static Trainer.Outcome run(
      Path start, ShardSet shards, Path runFolder, int steps, BooleanSupplier stop)
      throws IOException {
    RunConfig config = RunConfig.published(Task.CAPTION).withBatch(2).withSteps(steps);
    RunInputs inputs =
        RunInputs.of(shards).startingFrom(OpenModel.starting(ModelSource.resolve(start)));
    return Trainer.of(config, inputs)
        .stoppingWhen(stop)
        .run(
            runFolder,
            new ConsoleLog(line -> System.getLogger("blip").log(System.Logger.Level.INFO, line)));
  }
}
