package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.util.List;

/**
 * One full batch and the places before and after it.
 *
 * @param start where it begins; {@code start.epoch()} is the epoch of all its pairs
 * @param end where to go on after it has been consumed; what a checkpoint stores
 */
public record PairBatch(ImmutableList<Pair> pairs, Cursor start, Cursor end) {
  /** Number of pairs. */
  public int size() {
    return pairs.size();
  }

  /** The images' bytes. */
  public List<ByteString> images() {
    return pairs.stream().map(Pair::image).toList();
  }

  /** The texts. */
  public List<String> texts() {
    return pairs.stream().map(Pair::text).toList();
  }

  /** Seeds of the pairs for this epoch, see {@link SampleId#seed}. */
  public long[] seeds(long runSeed) {
    return pairs.stream().mapToLong(p -> p.id().seed(runSeed, start.epoch())).toArray();
  }
}
