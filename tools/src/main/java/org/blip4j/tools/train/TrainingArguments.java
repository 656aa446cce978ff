package org.blip4j.tools.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.blip4j.data.pipeline.Mixture;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.ConfigFields;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.graph.weights.UnimodalWeights;
import org.blip4j.savedmodel.evaluate.TaskEvaluation;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.HubOptions;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.ProgramVersion;
import org.blip4j.training.config.Cluster;
import org.blip4j.training.config.Recipe;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.run.Trainer;
import org.blip4j.training.validate.Validation;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every training command takes, and the run that it makes of it. */
final class TrainingArguments {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Of each image and each text that is matched in validation, as published on Flickr30K. */
  private static final int CANDIDATES = 128;

  static final String FORMS =
      "a model folder, a run, a .pth or safetensors file, a Hugging Face folder, an exported model,"
          + " or hf:OWNER/NAME";

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "JSON of what differs from the published recipe, or config.json of a run.")
  private Path config;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description = {
        "Published recipe that --config and --set change (that of the task; for pretrain"
            + " pretrain-base):",
        "${COMPLETION-CANDIDATES}."
      })
  private Recipe recipe;

  @Option(
      names = "--print-recipe",
      description = "Print every field of a recipe, and train nothing; as --print-config.")
  private boolean printRecipe;

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
      names = "--validate",
      paramLabel = "SHARD",
      arity = "1..*",
      description = {
        "Labelled shards that the model is measured on after each epoch, by mean recall where it"
            + " matches, CIDEr of captions, accuracy of answers and statements.",
        "The best model is kept in best/ of the run folder."
      })
  private List<String> validate;

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

  @Option(
      names = "--recompute",
      description =
          "Compute the layers a second time on the way back: much less memory, a quarter more"
              + " time, the same losses.")
  private boolean recompute;

  @Mixin private ComputeOptions.Seed seed;
  @Mixin private ComputeOptions.Batch batchSize;
  @Mixin private HubOptions hub;
  @Mixin private ClusterOptions processes;

  /**
   * Runs a task and returns the exit status.
   *
   * @param init the model to start from
   * @param needed whether there must be one
   * @param codec finds the columns of records
   */
  int run(
      Task task, Optional<String> init, boolean needed, ComputeOptions common, ExampleCodec codec)
      throws IOException {
    if (!printConfig && !printRecipe) {
      require("--init=MODEL", init.isPresent() || !needed);
    }
    return run(
        task,
        console ->
            init.isPresent()
                ? Optional.of(
                    OpenModel.starting(hub.resolve(init.get(), Optional.empty(), console)))
                : Optional.empty(),
        common,
        codec);
  }

  /** Pre-trains from a vision transformer, from BERT, or from both. */
  int pretrain(
      Optional<Path> vision, Optional<Path> text, ComputeOptions common, ExampleCodec codec)
      throws IOException {
    return run(
        Task.PRETRAIN, console -> Optional.of(UnimodalWeights.start(vision, text)), common, codec);
  }

  /** What the model to start from is; its weights are read when training begins. */
  @FunctionalInterface
  private interface Start {
    Optional<StartingModel> model(Console console) throws IOException;
  }

  private int run(Task task, Start from, ComputeOptions common, ExampleCodec codec)
      throws IOException {
    Console console = common.console();
    if (printRecipe) {
      RunConfig published = (recipe == null ? Recipe.of(task) : recipe).config(Optional.empty());
      console.result(ConfigJson.tree(published), ConfigFields.text(published));
      return console.exitCode();
    }
    if (!printConfig) {
      require("--data=SHARD", data != null);
      require("--out=RUN", out != null);
    }
    Optional<StartingModel> start = from.model(console);
    RunConfig run = config(task, start);
    if (printConfig) {
      console.result(ConfigJson.tree(run), ConfigFields.text(run));
      return console.exitCode();
    }
    Cluster cluster = processes.cluster(command);
    Optional<Integer> toStart = processes.toStart(command, run.duration().batch());
    if (toStart.isPresent()) {
      return processes.start(command, toStart.get(), common);
    }
    ProgramVersion program = ProgramVersion.read();
    RunInputs inputs =
        new RunInputs(
            Mixture.find(data),
            codec,
            start,
            common.trainingSession(),
            common.precision(),
            program.version(),
            program.commit(),
            cluster);
    BooleanSupplier abandoned = ClusterOptions.abandoned(console);
    try (InterruptWatch watch =
        new InterruptWatch(
            () ->
                console.note(
                    "stopped within a step; the same command goes on from the last checkpoint"))) {
      Trainer trainer =
          Trainer.of(run, inputs)
              .stoppingWhen(() -> watch.interrupted() || abandoned.getAsBoolean())
              .overwriting(overwrite);
      if (validate != null) {
        trainer = trainer.validatingWith(validation(common, codec));
      }
      Trainer.Outcome outcome = trainer.run(out, RunConsole.listener(console, watch, cluster, out));
      if (!outcome.finished()) {
        console.note("stopped at step %d; the same command goes on from there", outcome.step());
        return ExitCodes.INTERRUPTED;
      }
      if (cluster.chief()) {
        console.text(outcome.model().path().toString());
      }
    } catch (Trainer.PeerLostException e) {
      console.error("blip: " + e.getMessage());
      return ExitCodes.PEER_LOST;
    }
    return console.exitCode();
  }

  private Validation validation(ComputeOptions common, ExampleCodec codec) throws IOException {
    TaskEvaluation evaluation = new TaskEvaluation(ShardSet.find(validate), codec, CANDIDATES);
    PredictorOptions options = PredictorOptions.of(common.trainingSession(), common.precision());
    return folder -> {
      try (Predictor model = Predictor.open(new ModelSource.Folder(folder), options)) {
        TaskEvaluation.Findings found = evaluation.measure(model);
        return new Validation.Findings(found.figures(), found.examples());
      }
    };
  }

  private void require(String option, boolean given) {
    if (!given) {
      throw new ParameterException(
          command.commandLine(), "Missing required option: '" + option + "'");
    }
  }

  private RunConfig config(Task task, Optional<StartingModel> start) throws IOException {
    Recipe begun = recipe == null ? Recipe.of(task) : recipe;
    if (begun.task() != task) {
      throw new ParameterException(
          command.commandLine(),
          "--recipe %s trains another task than this command; use %s"
              .formatted(
                  begun,
                  Arrays.stream(Recipe.values())
                      .filter(one -> one.task() == task)
                      .map(Recipe::toString)
                      .collect(Collectors.joining(" or "))));
    }
    RunConfigReader reader = RunConfigReader.of(begun, start.map(StartingModel::config));
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
    if (recompute) {
      reader.setting("duration.recompute", "true", "--recompute");
    }
    return reader.settings(settings).config();
  }
}
