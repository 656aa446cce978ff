package org.blip4j.tools.records;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code records}: make, show, check, count and join TFRecord shards. */
@Command(
    name = "records",
    mixinStandardHelpOptions = true,
    description = "Make, show, check, count and join TFRecord shards.",
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records pack photos --out shards --name photos --shards 4",
    subcommands = {
      PackCommand.class,
      ShowCommand.class,
      VerifyShardsCommand.class,
      CountCommand.class,
      CatCommand.class
    })
public final class RecordsCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "one of pack, show, verify, count and cat is missing");
  }
}
