package org.blip4j.tools.train;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.graph.config.ConfigFields;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.HubOptions;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.ProgramVersion;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.ConsoleLog;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.run.Trainer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every training command takes, and the run that it makes of it. */
final class TrainingArguments {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  static final String FORMS =
      "a model folder, a run, a .pth or safetensors file, a Hugging Face folder, an exported model,"
          + " or hf:OWNER/NAME";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "JSON of what differs from the published recipe, or config.json of a run.")
  private Path config;

  @Option(
      names = "--data",
      paramLabel = "SHARD",
      arity = "1..*",
      description = {
        "Shards: files, folders, globs, or NAME@N for NAME-00000-of-0000N.",
        "Several data sets are mixed by weight: NAME=WEIGHT:SHARDS each, such as web=0.3:web/*"
      })
  private List<String> data;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      description = "Run folder; one of the same run is continued.")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "PATH=VALUE",
      description = "Change a field of the configuration, such as optimizer.clipNorm=1.")
  private List<String> settings = List.of();

  @Option(
      names = "--overwrite",
      description = "Begin anew where another run lies, and remove that one.")
  private boolean overwrite;

  @Option(
      names = "--print-config",
      description =
          "Print every field of the configuration with its value and meaning, and train nothing;"
              + " with --json, the configuration as a file for --config.")
  private boolean printConfig;

  @Mixin private ComputeOptions.Seed seed;
  @Mixin private ComputeOptions.Batch batchSize;
  @Mixin private ColumnOptions columns;
  @Mixin private HubOptions hub;

  /**
   * Runs a task and returns the exit status.
   *
   * @param init the model to start from
   * @param needed whether there must be one
   */
  int run(Task task, Optional<String> init, boolean needed, ComputeOptions common)
      throws IOException {
    Console console = common.console();
    if (!printConfig) {
      require("--data=SHARD", data != null);
      require("--out=RUN", out != null);
      require("--init=MODEL", init.isPresent() || !needed);
    }
    Optional<StartingModel> start = start(init, console);
    RunConfig run = config(task, start);
    if (printConfig) {
      console.result(ConfigJson.tree(run), fields(run));
      return console.exitCode();
    }
    ProgramVersion program = ProgramVersion.read();
    RunInputs inputs =
        new RunInputs(
            Mixture.find(data),
            columns.codec(),
            start,
            common.sessionConfig(),
            program.version(),
            program.commit());
    try (InterruptWatch watch = new InterruptWatch()) {
      Trainer.Outcome outcome =
          Trainer.of(run, inputs)
              .stoppingWhen(watch::interrupted)
              .overwriting(overwrite)
              .run(out, new Listener(console, watch));
      if (!outcome.finished()) {
        console.note("stopped at step %d; the same command goes on from there", outcome.step());
        return ExitCodes.INTERRUPTED;
      }
      console.text(outcome.model().path().toString());
    }
    return console.exitCode();
  }

  private void require(String option, boolean given) {
    if (!given) {
      throw new ParameterException(
          command.commandLine(), "Missing required option: '" + option + "'");
    }
  }

  private RunConfig config(Task task, Optional<StartingModel> start) throws IOException {
    RunConfigReader reader = RunConfigReader.of(task, start.map(StartingModel::config));
    if (config != null) {
      reader.file(config);
    }
    int batch = reader.config().duration().batch();
    if (batchSize.size(batch) != batch) {
      String wanted = String.valueOf(batchSize.size(batch));
      reader.setting("duration.batch", wanted, "--batch-size " + wanted);
    }
    if (command.commandLine().getParseResult().hasMatchedOption("--seed")) {
      reader.setting("seed", String.valueOf(seed.value()), "--seed " + seed.value());
    }
    return reader.settings(settings).config();
  }

  private static String fields(RunConfig run) {
    List<String> lines = new ArrayList<>();
    for (ConfigFields.Field field : ConfigFields.of(run)) {
      String value = field.value().map(json -> " = " + json).orElse("");
      lines.add("%-42s  # %s".formatted(field.path() + value, field.meaning()).stripTrailing());
    }
    return String.join("\n", lines);
  }

  /** What the model to start from is; its weights are read when training begins. */
  private Optional<StartingModel> start(Optional<String> init, Console console) throws IOException {
    return init.isPresent()
        ? Optional.of(OpenModel.starting(hub.resolve(init.get(), Optional.empty(), console)))
        : Optional.empty();
  }

  /** Logged steps to the console: notes for people, with {@code --json} an object a step. */
  private static final class Listener implements TrainingListener {
    private final Console console;
    private final InterruptWatch watch;
    private final ConsoleLog log;

    Listener(Console console, InterruptWatch watch) {
      this.console = console;
      this.watch = watch;
      this.log = new ConsoleLog(line -> console.note("%s", line));
    }

    @Override
    public void started(Start start) {
      log.started(start);
    }

    @Override
    public void stepped(double seconds) {
      watch.allow(seconds);
    }

    @Override
    public void storing(boolean now) {
      watch.writing(now);
    }

    @Override
    public void logged(StepReport report) throws IOException {
      log.logged(report);
      if (!watch.interrupted()) {
        console.json(
            ImmutableMap.builder()
                .putAll(report.metrics())
                .put("images_per_second", report.samplesPerSecond())
                .buildOrThrow());
      }
    }

    @Override
    public void note(String line) {
      console.warn("%s", line);
    }
  }
}
