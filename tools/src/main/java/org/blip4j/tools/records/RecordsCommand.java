package org.blip4j.tools.records;

import java.io.IOException;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.tools.console.ColumnOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
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

  /** Shards to read and the names of their columns, as given on the command line. */
  public static final class Shards {
    /** What may be named. */
    public static final String NAMES =
        "Shards: files, folders, globs, or NAME@N for NAME-00000-of-0000N.";

    @Parameters(paramLabel = "SHARD", arity = "1..*", description = NAMES)
    private List<String> shards;

    @Mixin private ColumnOptions.Contents columns;

    /** The shards, in order. */
    public ShardSet shards() throws IOException {
      return ShardSet.find(shards);
    }

    /** A codec for these columns. */
    public ExampleCodec codec() {
      return columns.codec();
    }
  }
}
