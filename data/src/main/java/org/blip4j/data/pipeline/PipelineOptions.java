package org.blip4j.data.pipeline;

/**
 * How pairs are shuffled and batched.
 *
 * @param seed of the order of every epoch
 * @param batchSize pairs in a batch; an incomplete last batch of an epoch is dropped, as upstream
 * @param shuffleBuffer pairs among which the next is drawn; 1 keeps the order of the shards
 * @param interleave shards that are read in turn
 * @param prefetch batches made ready ahead
 */
public record PipelineOptions(
    long seed, int batchSize, int shuffleBuffer, int interleave, int prefetch) {
  private static final int SHUFFLE_BUFFER = 1024;
  private static final int INTERLEAVE = 8;
  private static final int PREFETCH = 2;

  public PipelineOptions {
    positive("batch size", batchSize);
    positive("shuffle buffer", shuffleBuffer);
    positive("number of interleaved shards", interleave);
    positive("number of prefetched batches", prefetch);
  }

  /** A shuffle buffer of 1,024 pairs, 8 shards in turn, 2 batches ahead. */
  public static PipelineOptions of(long seed, int batchSize) {
    return new PipelineOptions(seed, batchSize, SHUFFLE_BUFFER, INTERLEAVE, PREFETCH);
  }

  /** The same with another shuffle buffer. */
  public PipelineOptions withShuffleBuffer(int pairs) {
    return new PipelineOptions(seed, batchSize, pairs, interleave, prefetch);
  }

  /** The same with another number of shards read in turn. */
  public PipelineOptions withInterleave(int shards) {
    return new PipelineOptions(seed, batchSize, shuffleBuffer, shards, prefetch);
  }

  /** The same with another number of batches made ready ahead. */
  public PipelineOptions withPrefetch(int batches) {
    return new PipelineOptions(seed, batchSize, shuffleBuffer, interleave, batches);
  }

  private static void positive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(what + " is " + value + ", it must be 1 or more");
    }
  }
}
