package org.blip4j.beam;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.tools.capfilt.CapFiltBlocks;
import org.blip4j.tools.capfilt.CapFiltFolder;
import org.blip4j.tools.capfilt.CapFiltOptions;
import org.blip4j.tools.capfilt.CapFiltPlan;
import org.blip4j.tools.capfilt.CapFiltStats;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ErrorLine;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.ParseErrors;
import org.blip4j.tools.console.RunSettings;
import org.blip4j.tools.console.Streams;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The command line of CapFilt on an engine: the options of {@code tools/blip capfilt}, and what it
 * does not know is the engine's. It joins the folder, has the engine do what is not done yet, and
 * tells the totals as the plain command does.
 */
@Command(
    name = "capfilt",
    description = {
      "CapFilt on an engine. Options that are not listed here are the engine's own, as"
          + " --NAME=VALUE.",
      "--data, --out and the models must lie where all workers see them under the same path."
    })
final class EngineCommand implements Callable<Integer>, Console.Opener {
  /** What hands out the work. */
  interface Engine {
    /**
     * Takes the options that the command does not know, before anything is written.
     *
     * @return what does the job, and tells whether it waited for the end
     * @throws IllegalArgumentException if one is wrong
     */
    Submission prepare(List<String> rest);
  }

  /** An engine with its options. */
  interface Submission {
    /** Has all shards scored and written, and the folder finished; false if it did not wait. */
    boolean run(Job job) throws IOException;
  }

  /**
   * What is to be done.
   *
   * @param shards those that are not done yet
   * @param work what workers need
   * @param blockRecords records of a block
   */
  record Job(ImmutableList<CapFiltPlan.Shard> shards, Work work, int blockRecords) {}

  /**
   * What travels to the workers.
   *
   * @param out the output folder
   * @param fingerprint of its plan
   * @param columns names of the input's columns
   * @param models how they are opened
   * @param batchSize images judged at once
   */
  record Work(
      String out, String fingerprint, Columns.Aliases columns, ModelHost.Spec models, int batchSize)
      implements Serializable {
    /** Takes part in the work on the folder. */
    CapFiltBlocks join() throws IOException {
      return CapFiltBlocks.join(
          new CapFiltFolder(Path.of(out)), fingerprint, new ExampleCodec(columns));
    }

    /** Judges and writes one shard in this process. */
    void write(CapFiltPlan.Shard shard) throws IOException {
      CapFiltBlocks blocks = join();
      CapFiltStep step = ModelHost.acquire(models);
      try {
        blocks.write(shard, step, batchSize);
      } finally {
        ModelHost.release(models);
      }
    }
  }

  @Option(
      names = "--block-records",
      paramLabel = "N",
      description =
          "Records that a worker takes at once (1024); compressed shards are taken whole.")
  private int blockRecords = 1024;

  @Mixin private CapFiltOptions asked;
  @Mixin private ComputeOptions common;

  private final Streams streams;
  private final Engine engine;
  private List<String> rest = List.of();

  private EngineCommand(Streams streams, Engine engine) {
    this.streams = streams;
    this.engine = engine;
  }

  /** Runs the command and gives its status. */
  static int run(Streams streams, Engine engine, String... args) {
    EngineCommand command = new EngineCommand(streams, engine);
    boolean debug = Arrays.asList(args).contains("--debug");
    CommandLine parser = new CommandLine(command);
    parser
        .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8))
        .setExpandAtFiles(false)
        .setUnmatchedArgumentsAllowed(true)
        .setUnmatchedOptionsAllowedAsOptionParameters(false)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(new ParseErrors(command.open(false, false)))
        .setExecutionStrategy(
            parsed -> {
              command.rest = parsed.unmatched();
              return new CommandLine.RunLast().execute(parsed);
            })
        .setExecutionExceptionHandler((e, line, result) -> command.tell(e, debug));
    return parser.execute(args);
  }

  @Override
  public Console open(boolean json, boolean quiet) {
    return new Console(streams, json, quiet);
  }

  @Override
  public Integer call() throws IOException {
    if (blockRecords < 1) {
      throw new IllegalArgumentException(
          "--block-records " + blockRecords + " is less than 1; use 1024, say");
    }
    Console console = common.console();
    Submission submission = engine.prepare(rest);
    RunSettings run = common.settings();
    if (run.device().contains(",")) {
      throw new IllegalArgumentException(
          "--device " + run.device() + " names several devices; a worker uses one, such as gpu:0");
    }
    CapFiltOptions.Request request = asked.request(console);
    CapFiltBlocks blocks = request.begin();
    List<String> names = request.task().names();
    Job job =
        new Job(
            blocks.open(names),
            new Work(
                request.out().path().toAbsolutePath().toString(),
                blocks.fingerprint(),
                request.codec().aliases(),
                ModelHost.Spec.of(request.models(), request.task().settings(), run),
                request.batchSize()),
            blockRecords);
    if (!job.shards().isEmpty() && !submission.run(job)) {
      console.note("submitted; %s comes when all is done", request.out().success());
      return ExitCodes.OK;
    }
    Optional<CapFiltStats> all = blocks.finish();
    CapFiltStats stats = all.isPresent() ? all.get() : blocks.stats(names);
    console.result(stats, stats.text());
    if (all.isEmpty()) {
      console.note("other shards are not all done yet; _SUCCESS comes with the last");
    }
    return stats.totals().unreadable() > 0 ? ExitCodes.SOME_FAILED : ExitCodes.OK;
  }

  /** The engine wraps what went wrong in a worker; the user wants to know that. */
  private int tell(Throwable thrown, boolean debug) {
    boolean ours = thrown instanceof IOException || thrown instanceof IllegalArgumentException;
    ErrorLine line = ErrorLine.of(ours ? thrown : Throwables.getRootCause(thrown));
    Console console = open(false, false);
    if (debug) {
      console.error(Throwables.getStackTraceAsString(thrown).stripTrailing());
    }
    console.error("blip: " + line.message());
    return line.exitCode();
  }
}
