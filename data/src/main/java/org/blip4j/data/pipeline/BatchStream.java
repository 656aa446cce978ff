package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.Optional;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.tfrecord.ShardSet;

/**
 * The endless stream of batches from a place on, made by the thread that asks: after an epoch's
 * last full batch comes the next epoch's first.
 */
final class BatchStream implements Prefetch.Source<PairBatch> {
  private final ShardSet shards;
  private final SourceOptions source;
  private final PipelineOptions options;
  private EpochPairs pairs;
  private Cursor position;

  BatchStream(ShardSet shards, SourceOptions source, PipelineOptions options, Cursor from) {
    this.shards = shards;
    this.source = source;
    this.options = options;
    this.position = from;
  }

  @Override
  public PairBatch next() throws IOException {
    if (pairs == null) {
      pairs = new EpochPairs(shards, source, options, position.epoch());
      replay();
    }
    Optional<PairBatch> batch = batch();
    if (batch.isEmpty()) {
      if (position.consumed() == 0) {
        throw tooFew();
      }
      pairs.close();
      position = new Cursor(position.epoch() + 1, 0);
      pairs = new EpochPairs(shards, source, options, position.epoch());
      batch = batch();
    }
    return batch.orElseThrow(this::tooFew);
  }

  @Override
  public void close() throws IOException {
    if (pairs != null) {
      pairs.close();
    }
  }

  /** Draws what has been consumed once more, so that what follows is the same. */
  private void replay() throws IOException {
    for (long i = 0; i < position.consumed(); i++) {
      if (pairs.next().isEmpty()) {
        throw new IOException(
            "data position %s is beyond the %d pairs of the set; the data have changed since it was"
                    .formatted(position.encode(), i)
                + " stored, start a new run or restore them");
      }
    }
  }

  /** Empty if the epoch has no full batch left. */
  private Optional<PairBatch> batch() throws IOException {
    ImmutableList.Builder<Pair> batch = ImmutableList.builderWithExpectedSize(options.batchSize());
    for (int i = 0; i < options.batchSize(); i++) {
      Optional<Pair> pair = pairs.next();
      if (pair.isEmpty()) {
        return Optional.empty();
      }
      batch.add(pair.get());
    }
    Cursor start = position;
    position = new Cursor(start.epoch(), start.consumed() + options.batchSize());
    return Optional.of(new PairBatch(batch.build(), start, position));
  }

  private IOException tooFew() {
    String texts =
        pairs.withoutText() == 0
            ? ""
            : "; %d records have no text under %s, name the right column with --text-key"
                .formatted(pairs.withoutText(), String.join(", ", source.codec().aliases().text()));
    return new IOException(
        "%d shard(s) from %s on hold fewer pairs than one batch of %d; give more data or a smaller"
                .formatted(shards.size(), shards.paths().get(0), options.batchSize())
            + " --batch-size"
            + texts);
  }
}
