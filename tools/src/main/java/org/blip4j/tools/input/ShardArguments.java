package org.blip4j.tools.input;

import java.io.IOException;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.tools.console.ColumnOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Shards to read and the names of their columns, as given on the command line. */
public final class ShardArguments {
  @Parameters(
      paramLabel = "SHARD",
      arity = "1..*",
      description = "Shards: files, folders, globs, or NAME@N for NAME-00000-of-0000N.")
  private List<String> shards;

  @Mixin private ColumnOptions columns;

  /** The shards, in order. */
  public ShardSet shards() throws IOException {
    return ShardSet.find(shards);
  }

  /** A codec for these columns. */
  public ExampleCodec codec() {
    return columns.codec();
  }
}
