package org.blip4j.tools.quickstart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.blip4j.tools.bootstrap.ConsoleStages;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code quickstart}: the whole loop at a small size. */
@Command(
    name = "quickstart",
    description = {
      "See BLIP's whole loop in minutes: make pictures with noisy texts, pre-train, fine-tune a"
          + " captioner and a filter, caption and filter, pre-train anew, measure both models,"
          + " export, and caption through the SavedModel.",
      "Ends with a table of before and after, and a page report.html. A second start goes on"
          + " where the first one ended."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip quickstart --work blip-quickstart")
public final class QuickstartCommand implements Callable<Integer> {
  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where everything is written (blip-quickstart).")
  private Path work = Path.of("blip-quickstart");

  @Option(
      names = "--smoke",
      description = "A few steps over a few pictures: whether everything runs, in seconds.")
  private boolean smoke;

  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Seed seed;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    Quickstart.Plan plan =
        smoke ? Quickstart.Plan.smoke(seed.value()) : Quickstart.Plan.standard(seed.value());
    return ConsoleStages.run(
        common,
        context -> {
          Quickstart.Outcome outcome = Quickstart.run(work, plan, context);
          console.result(outcome.summary(), "\n" + outcome.summary().table());
          console.note("report: %s", outcome.report());
        });
  }
}
