package org.blip4j.tools.capfilt;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.DamagePolicy;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;

/**
 * The records of one shard in order; damaged ones are there, too. A sample without a key has none,
 * so that its seed does not depend on its place; its record is called by it.
 */
final class ShardRecords implements Closeable {
  private final CapFiltPlan.Shard shard;
  private final SampleSource source;
  private final Deque<CapFiltRecord> waiting = new ArrayDeque<>();
  private long position;

  /** Opens a shard; {@code options} say under which names its columns are found. */
  ShardRecords(CapFiltPlan.Shard shard, SourceOptions options) {
    this.shard = shard;
    this.source =
        SampleSource.open(
            ShardSet.of(List.of(shard.file())),
            options.withCheckImages(false).withDamage(DamagePolicy.skip(this::damaged)));
  }

  /** The next record, or empty at the end of the shard. */
  Optional<CapFiltRecord> next() throws IOException {
    if (waiting.isEmpty()) {
      source.next().ifPresent(this::sample);
    }
    return Optional.ofNullable(waiting.poll());
  }

  @Override
  public void close() throws IOException {
    source.close();
  }

  private void sample(SampleSource.Located located) {
    Sample.ImageText sample = located.sample();
    String place = located.shard().getFileName() + "#" + located.index();
    boolean unnamed = sample.key().equals(place);
    position++;
    waiting.add(
        CapFiltRecord.of(
            sample.key(),
            unnamed
                ? new Sample.ImageText("", sample.image(), sample.texts(), sample.columns())
                : sample));
  }

  private void damaged(DamagePolicy.Damaged damaged) {
    String where = damaged.shard() + ": ";
    String reason =
        damaged.reason().startsWith(where)
            ? damaged.reason().substring(where.length())
            : damaged.reason();
    waiting.add(CapFiltRecord.unusable(shard.name() + "#" + position++, reason));
  }
}
