package org.blip4j.tools.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.HubOptions;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.ProgramVersion;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.run.Trainer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every training command takes, and the run that it makes of it. */
final class TrainingArguments {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "JSON of what differs from the published recipe, or config.json of a run.")
  private Path config;

  @Option(
      names = "--data",
      paramLabel = "SHARD",
      required = true,
      arity = "1..*",
      description = {
        "Shards: files, folders, globs, or NAME@N for NAME-00000-of-0000N.",
        "Several data sets are mixed by weight: NAME=WEIGHT:SHARDS each, such as web=0.3:web/*"
      })
  private List<String> data;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      required = true,
      description = "Run folder; one of the same run is continued.")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "PATH=VALUE",
      description = "Change a field of the configuration, such as optimizer.clipNorm=1.")
  private List<String> settings = List.of();

  @Mixin private ColumnOptions columns;
  @Mixin private HubOptions hub;

  /** Runs a task and returns the exit status. */
  int run(Task task, Optional<String> init, CommonOptions common) throws IOException {
    Console console = common.console();
    RunConfig run = config(task, common);
    ProgramVersion program = ProgramVersion.read();
    RunInputs inputs =
        new RunInputs(
            Mixture.find(data),
            columns.codec(),
            start(init, console),
            common.sessionConfig(),
            program.version(),
            program.commit());
    try (InterruptWatch watch = new InterruptWatch()) {
      Trainer.Outcome outcome =
          Trainer.of(run, inputs)
              .stoppingWhen(watch::interrupted)
              .run(out, new TrainingConsole(console, watch::interrupted));
      if (!outcome.finished()) {
        console.note("stopped at step %d; the same command goes on from there", outcome.step());
        return ExitCodes.INTERRUPTED;
      }
      console.text(outcome.model().path().toString());
    }
    return console.exitCode();
  }

  private RunConfig config(Task task, CommonOptions common) throws IOException {
    RunConfigReader reader = RunConfigReader.of(task);
    if (config != null) {
      reader.file(config);
    }
    List<String> all = new ArrayList<>(settings);
    if (command.commandLine().getParseResult().hasMatchedOption("--seed")) {
      all.add("seed=" + common.seed());
    }
    int batch = reader.config().duration().batch();
    if (common.batchSize(batch) != batch) {
      all.add("duration.batch=" + common.batchSize(batch));
    }
    return reader.settings(all).config();
  }

  /** What the model to start from is; its weights are read when training begins. */
  private Optional<StartingModel> start(Optional<String> init, Console console) throws IOException {
    return init.isPresent()
        ? Optional.of(OpenModel.starting(hub.resolve(init.get(), Optional.empty(), console)))
        : Optional.empty();
  }
}
