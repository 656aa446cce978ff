package org.blip4j.data.pipeline;

import com.google.common.hash.Hashing;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;

/**
 * The pairs of one epoch in their drawn order.
 *
 * <p>Shards are permuted, several read in turn, each sample's texts become pairs, and each pair
 * given out is drawn from a buffer that the next one read fills up.
 */
final class EpochPairs implements Closeable {
  private final InterleavedSamples samples;
  private final SplittableRandom random;
  private final int bufferSize;
  private final List<Pair> buffer = new ArrayList<>();
  private final Deque<Pair> expanded = new ArrayDeque<>();
  private long without;

  EpochPairs(ShardSet shards, SourceOptions source, PipelineOptions options, long epoch) {
    // Hashed: seeds of SplittableRandom that lie close together give related streams.
    long seed =
        Hashing.murmur3_128().newHasher().putLong(options.seed()).putLong(epoch).hash().asLong();
    this.random = new SplittableRandom(seed);
    this.samples = new InterleavedSamples(shards, source, options.interleave(), random.split());
    this.bufferSize = options.shuffleBuffer();
  }

  Optional<Pair> next() throws IOException {
    while (buffer.size() < bufferSize) {
      Optional<Pair> read = read();
      if (read.isEmpty()) {
        break;
      }
      buffer.add(read.get());
    }
    if (buffer.isEmpty()) {
      return Optional.empty();
    }
    int drawn = random.nextInt(buffer.size());
    Pair last = buffer.remove(buffer.size() - 1);
    return Optional.of(drawn == buffer.size() ? last : buffer.set(drawn, last));
  }

  /** Samples met so far that have no text. */
  long withoutText() {
    return without;
  }

  @Override
  public void close() throws IOException {
    samples.close();
  }

  private Optional<Pair> read() throws IOException {
    while (expanded.isEmpty()) {
      Optional<LocatedSample> located = samples.next();
      if (located.isEmpty()) {
        return Optional.empty();
      }
      Sample.ImageText sample = located.get().sample();
      for (int i = 0; i < sample.texts().size(); i++) {
        SampleId id = new SampleId(sample.key(), i);
        expanded.add(new Pair(id, sample.image(), sample.texts().get(i)));
      }
      if (sample.texts().isEmpty()) {
        without++;
      }
    }
    return Optional.of(expanded.remove());
  }
}
