package org.blip4j.savedmodel.capfilt;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.DamagePolicy;
import org.blip4j.data.pipeline.DamagedRecord;
import org.blip4j.data.pipeline.LocatedSample;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;

/** The records of one shard in order; damaged ones and those without a whole image are kept. */
public final class ShardRecords implements Closeable {
  private final InputShard shard;
  private final SampleSource source;
  private final Deque<RawRecord> waiting = new ArrayDeque<>();
  private long position;

  /** Opens a shard; {@code options} say under which names its columns are found. */
  public ShardRecords(InputShard shard, SourceOptions options) {
    this.shard = shard;
    this.source =
        SampleSource.open(
            ShardSet.of(List.of(shard.file())),
            options.withCheckImages(false).withDamage(DamagePolicy.skip(this::damaged)));
  }

  /** The next record, or empty at the end of the shard. */
  public Optional<RawRecord> next() throws IOException {
    if (waiting.isEmpty()) {
      source.next().ifPresent(this::sample);
    }
    return Optional.ofNullable(waiting.poll());
  }

  @Override
  public void close() throws IOException {
    source.close();
  }

  private void sample(LocatedSample located) {
    RawRecord record =
        new RawRecord(position++, located.sample().key(), Optional.of(located.sample()), "");
    try {
      ImageInfo.inspect(located.sample().image());
      waiting.add(record);
    } catch (SampleException e) {
      waiting.add(record.unusable(e.getMessage()));
    }
  }

  private void damaged(DamagedRecord damaged) {
    String where = damaged.shard() + ": ";
    String reason =
        damaged.reason().startsWith(where)
            ? damaged.reason().substring(where.length())
            : damaged.reason();
    long index = position++;
    waiting.add(new RawRecord(index, shard.name() + "#" + index, Optional.empty(), reason));
  }
}
