package org.blip4j.tools.records;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code records cat}: the records of several shards in one, byte for byte. */
@Command(
    name = "cat",
    description = "Join the records of shards into one, unchanged; compressed ones too.",
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records cat human web@8 --out all.tfrecord")
final class CatCommand implements Callable<Integer> {
  @Parameters(paramLabel = "SHARD", arity = "1..*", description = RecordsCommand.Shards.NAMES)
  private List<String> arguments;

  @Mixin private CommonOptions common;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "The shard to write.")
  private Path out;

  @Option(names = "--gzip", description = "Compress it.")
  private boolean gzip;

  @Option(names = "--overwrite", description = "Replace it if it exists.")
  private boolean overwrite;

  private record Joined(String out, int shards, long records, long bytes) {}

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    ShardSet shards = ShardSet.find(arguments);
    TfRecordWriter.Options options =
        TfRecordWriter.Options.plain().withGzip(gzip).withOverwrite(overwrite);
    long records;
    try (TfRecordWriter writer = TfRecordWriter.create(out, options);
        Progress progress = console.progress("shards", shards.size())) {
      for (Path shard : shards.paths()) {
        copy(shard, writer);
        progress.advance(1);
      }
      records = writer.records();
      writer.commit();
    }
    Joined joined = new Joined(out.toString(), shards.size(), records, Files.size(out));
    console.result(joined, "%s: %d records of %d shard(s)".formatted(out, records, shards.size()));
    return console.exitCode();
  }

  private static void copy(Path shard, TfRecordWriter writer) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      for (Optional<byte[]> r = reader.next(); r.isPresent(); r = reader.next()) {
        writer.write(r.get());
      }
    }
  }
}
