package org.blip4j.data.pipeline;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * A closeable stream of the samples of shards, in order; one shard is open at a time.
 *
 * <p>A record without key is called by its place, {@code SHARD#INDEX}.
 */
public final class SampleSource implements Closeable {
  private final ShardSet shards;
  private final SourceOptions options;
  private int opened;
  private TfRecordReader reader;
  private long index;

  private SampleSource(ShardSet shards, SourceOptions options) {
    this.shards = shards;
    this.options = options;
  }

  /** Starts at the first record of the first shard. */
  public static SampleSource open(ShardSet shards, SourceOptions options) {
    return new SampleSource(shards, options);
  }

  /** The next sample, or empty after the last. */
  public Optional<LocatedSample> next() throws IOException {
    while (reader != null || opened < shards.size()) {
      if (reader == null) {
        reader = TfRecordReader.open(shards.paths().get(opened++), options.recordLimit());
        index = 0;
      }
      Optional<LocatedSample> sample = nextOfShard();
      if (sample.isPresent()) {
        return sample;
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
      reader = null;
    }
    opened = shards.size();
  }

  /** Empty at the end of the shard, which is then closed. */
  private Optional<LocatedSample> nextOfShard() throws IOException {
    while (true) {
      try {
        Optional<byte[]> record = reader.next();
        if (record.isEmpty()) {
          closeShard();
          return Optional.empty();
        }
        long number = index++;
        return Optional.of(
            new LocatedSample(
                sample(record.get(), number), reader.shard(), number, reader.offset()));
      } catch (TfRecordException e) {
        index++;
        options.damage().handle(damaged(e.getMessage(), !e.canContinue()), e);
        if (!e.canContinue()) {
          closeShard();
          return Optional.empty();
        }
      } catch (SampleException e) {
        String reason = reader.where() + ": " + e.getMessage();
        options.damage().handle(damaged(reason, false), new SampleException(reason, e));
      }
    }
  }

  private Sample.ImageText sample(byte[] record, long number) throws SampleException {
    Path name = reader.shard().getFileName();
    Sample.ImageText sample = options.codec().imageText(record, name + "#" + number);
    if (options.checkImages()) {
      try {
        ImageInfo.inspect(sample.image());
      } catch (SampleException e) {
        throw new SampleException("sample \"%s\": %s".formatted(sample.key(), e.getMessage()), e);
      }
    }
    return sample;
  }

  private DamagedRecord damaged(String reason, boolean restLost) {
    return new DamagedRecord(reader.shard(), reader.offset(), reason, restLost);
  }

  private void closeShard() throws IOException {
    reader.close();
    reader = null;
  }
}
