package org.blip4j.tools.records;

import java.io.IOException;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.FieldAliases;
import org.blip4j.data.tfrecord.ShardSet;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shards to read and the names of their columns, as given on the command line. */
public final class ShardArguments {
  @Parameters(
      paramLabel = "SHARD",
      arity = "1..*",
      description = "Shards: files, folders, globs, or NAME@N for NAME-00000-of-0000N.")
  private List<String> shards;

  @Option(names = "--image-key", paramLabel = "COLUMN", description = "Column of the image.")
  private String imageKey;

  @Option(names = "--text-key", paramLabel = "COLUMN", description = "Column of the texts.")
  private String textKey;

  @Option(names = "--id-key", paramLabel = "COLUMN", description = "Column of the key.")
  private String idKey;

  /** The shards, in order. */
  public ShardSet shards() throws IOException {
    return ShardSet.find(shards);
  }

  /** A codec for these columns. */
  public ExampleCodec codec() {
    FieldAliases aliases = FieldAliases.STANDARD;
    aliases = imageKey == null ? aliases : aliases.withImage(imageKey);
    aliases = textKey == null ? aliases : aliases.withText(textKey);
    return new ExampleCodec(idKey == null ? aliases : aliases.withKey(idKey));
  }
}
