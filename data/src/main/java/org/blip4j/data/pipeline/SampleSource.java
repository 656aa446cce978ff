package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * A closeable stream of the images with texts of shards, in order; one shard is open at a time.
 *
 * <p>A record without key is called by its place, see {@link SampleId}.
 */
public final class SampleSource implements Closeable {
  /**
   * A sample and where it was read.
   *
   * @param index number of its record in the shard, from 0
   * @param offset where its record begins in the (uncompressed) shard
   */
  public record Located(Sample.ImageText sample, Path shard, long index, long offset) {}

  private final ShardSet shards;
  private final ImmutableList<String> names;
  private final SourceOptions options;
  private int opened;
  private ShardSamples<Sample.ImageText> shard;

  private SampleSource(ShardSet shards, SourceOptions options) {
    this.shards = shards;
    this.names = shards.names();
    this.options = options;
  }

  /** Starts at the first record of the first shard. */
  public static SampleSource open(ShardSet shards, SourceOptions options) {
    return new SampleSource(shards, options);
  }

  /** The next sample, or empty after the last. */
  public Optional<Located> next() throws IOException {
    while (shard != null || opened < shards.size()) {
      if (shard == null) {
        shard = openNext();
      }
      Optional<ShardSamples.Read<Sample.ImageText>> read = shard.next(Long.MAX_VALUE);
      if (read.isPresent()) {
        ShardSamples.Read<Sample.ImageText> found = read.get();
        return Optional.of(
            new Located(found.value(), shard.shard(), found.index(), found.offset()));
      }
      shard.close();
      shard = null;
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    if (shard != null) {
      shard.close();
      shard = null;
    }
    opened = shards.size();
  }

  private ShardSamples<Sample.ImageText> openNext() throws IOException {
    int number = opened++;
    return new ShardSamples<>(
        TfRecordReader.open(shards.paths().get(number), options.access()),
        names.get(number),
        options.damage(),
        (record, otherwise) -> {
          Sample.ImageText sample = options.codec().imageText(record, otherwise);
          options.check(sample);
          return sample;
        });
  }
}
