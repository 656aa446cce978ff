package org.blip4j.tools.records;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code records count}: records and texts of each shard and of all. */
@Command(
    name = "count",
    description = "Count the records of shards and their texts (each text is a pair).",
    footerHeading = "%nExample:%n",
    footer = "  tools/blip records count 'shards/*.tfrecord'")
final class CountCommand implements Callable<Integer> {
  @Mixin private RecordsCommand.Shards arguments;
  @Mixin private CommonOptions common;

  @Option(
      names = "--records-only",
      description = "Pass over the data: quicker, without texts and checksums.")
  private boolean recordsOnly;

  /** One shard, or all where {@code shard} is null. */
  private record Count(String shard, Integer shards, long records, Long texts) {
    String text() {
      String name = shard == null ? shards + " shard(s)" : shard;
      String pairs = texts == null ? "" : "  %,10d texts".formatted(texts);
      return "%,10d records%s  %s".formatted(records, pairs, name);
    }
  }

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    ShardSet shards = arguments.shards();
    long records = 0;
    long texts = 0;
    try (Progress progress = console.progress("shards", shards.size())) {
      for (Path shard : shards.paths()) {
        Count count = recordsOnly ? pass(shard) : read(shard, arguments.codec());
        console.result(count, count.text());
        records += count.records();
        texts += count.texts() == null ? 0 : count.texts();
        progress.advance(1);
      }
    }
    Count all = new Count(null, shards.size(), records, recordsOnly ? null : texts);
    console.result(all, all.text());
    return console.exitCode();
  }

  private static Count pass(Path shard) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      long records = 0;
      while (reader.skip()) {
        records++;
      }
      return new Count(shard.toString(), null, records, null);
    }
  }

  private static Count read(Path shard, ExampleCodec codec) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      long records = 0;
      long texts = 0;
      for (Optional<byte[]> r = reader.next(); r.isPresent(); r = reader.next()) {
        records++;
        texts += texts(codec, r.get(), reader.where());
      }
      return new Count(shard.toString(), null, records, texts);
    }
  }

  private static int texts(ExampleCodec codec, byte[] record, String where) throws IOException {
    try {
      Sample sample = codec.decode(record, "");
      if (sample instanceof Sample.ImageText s) {
        return s.texts().size();
      }
      return sample instanceof Sample.Video s ? s.texts().size() : 1;
    } catch (SampleException e) {
      throw new SampleException(where + ": " + e.getMessage(), e);
    }
  }
}
