package org.blip4j.data.pipeline;

import java.io.IOException;
import java.util.Optional;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.tfrecord.ShardSet;

/**
 * Seeded, resumable batches of image-text pairs over shards.
 *
 * <p>Each epoch permutes the shards, reads several in turn, makes a pair of every text and shuffles
 * pairs in a bounded buffer. Several sets (human, web, synthetic) are mixed by listing the shards
 * of all. {@link #open} at the cursor of a batch yields exactly the batches that an unbroken run
 * would have yielded after it.
 *
 * <pre>{@code
 * var pipeline = new SamplePipeline(shards, SourceOptions.strict(), PipelineOptions.of(1, 64));
 * try (Prefetch<PairBatch> batches = pipeline.open(Cursor.START)) {
 *   PairBatch batch = batches.next();
 * }
 * }</pre>
 */
public final class SamplePipeline {
  private final ShardSet shards;
  private final SourceOptions source;
  private final PipelineOptions options;
  private long pairs = -1;

  /** Makes a pipeline; nothing is read yet. */
  public SamplePipeline(ShardSet shards, SourceOptions source, PipelineOptions options) {
    this.shards = shards;
    this.source = source;
    this.options = options;
  }

  /** The shards that are read. */
  public ShardSet shards() {
    return shards;
  }

  /** How pairs are shuffled and batched. */
  public PipelineOptions options() {
    return options;
  }

  /**
   * Starts the stream of batches at a place; it has no end, and fails if the data are damaged and
   * the policy is to raise, or if they hold less than a batch.
   */
  public Prefetch<PairBatch> open(Cursor from) {
    return new Prefetch<>("blip-batches", stream(from), options.prefetch());
  }

  /** The same stream without a thread of its own. */
  BatchStream stream(Cursor from) {
    return new BatchStream(shards, source, options, from);
  }

  /** Pairs of an epoch, counted by one pass over the shards on the first call. */
  public synchronized long pairsPerEpoch() throws IOException {
    if (pairs < 0) {
      long counted = 0;
      try (SampleSource samples = SampleSource.open(shards, source)) {
        for (Optional<LocatedSample> s = samples.next(); s.isPresent(); s = samples.next()) {
          counted += s.get().sample().texts().size();
        }
      }
      pairs = counted;
    }
    return pairs;
  }

  /** Full batches of an epoch; counts on the first call. */
  public long batchesPerEpoch() throws IOException {
    return pairsPerEpoch() / options.batchSize();
  }
}
