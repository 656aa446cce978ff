package org.blip4j.data.pipeline;

/**
 * How items are shuffled and batched.
 *
 * @param seed of the order of every epoch
 * @param batchSize items in a batch; an incomplete last batch of an epoch is dropped, as upstream
 * @param mixed records of a block, whose items are permuted among each other
 * @param prefetch batches made ready ahead
 */
public record PipelineOptions(long seed, int batchSize, int mixed, int prefetch) {
  private static final int MIXED = 1024;
  private static final int PREFETCH = 2;

  public PipelineOptions {
    positive("batch size", batchSize);
    positive("number of mixed records", mixed);
    positive("number of prefetched batches", prefetch);
  }

  /** Blocks of 1,024 records, 2 batches ahead. */
  public static PipelineOptions of(long seed, int batchSize) {
    return new PipelineOptions(seed, batchSize, MIXED, PREFETCH);
  }

  /** The same with blocks of another size. */
  public PipelineOptions withMixed(int records) {
    return new PipelineOptions(seed, batchSize, records, prefetch);
  }

  /** The same with another number of batches made ready ahead. */
  public PipelineOptions withPrefetch(int batches) {
    return new PipelineOptions(seed, batchSize, mixed, batches);
  }

  private static void positive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s is %d, it must be at least 1".formatted(what, value));
    }
  }
}
