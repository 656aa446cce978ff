package org.blip4j.tools.bootstrap;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.ComputeOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code bootstrap}: pre-trains, captions, filters and pre-trains anew. */
@Command(
    name = "bootstrap",
    description = {
      "Pre-train on human and web texts, fine-tune a captioner and a filter on the human set,"
          + " caption and filter the web set, and pre-train a new model on what is kept.",
      "Each stage prints a line; a second start skips what is finished and goes on."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip bootstrap --config bootstrap.json --out runs/bootstrapped")
public final class BootstrapCommand implements Callable<Integer> {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "JSON: human and web shards, and what differs from the published recipes.")
  private Path config;

  @Option(names = "--out", paramLabel = "DIR", description = "Where all stages write.")
  private Path out;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often the web set is bootstrapped (1).")
  private int rounds = 1;

  @Spec private CommandSpec command;

  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Seed seed;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    CommonOptions.require("bootstrap", config != null, "--config FILE");
    CommonOptions.require("bootstrap", out != null, "--out DIR");
    BootstrapConfig settings = BootstrapConfig.read(config, changes());
    return ConsoleStages.run(
        common, context -> Bootstrap.in(new BootstrapFolder(out), settings, context).run(rounds));
  }

  /** What was said on the command line changes every stage; what was not is the file's. */
  private BootstrapConfig.Changes changes() {
    ParseResult given = command.commandLine().getParseResult();
    return new BootstrapConfig.Changes(
        given.hasMatchedOption("--seed") ? OptionalLong.of(seed.value()) : OptionalLong.empty(),
        given.hasMatchedOption("--batch-size")
            ? OptionalInt.of(batch.size(1))
            : OptionalInt.empty());
  }
}
