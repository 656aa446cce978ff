package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.sample.Sample;

/**
 * One full batch and the places before and after it.
 *
 * @param items of one kind
 * @param start where it begins
 * @param end where to go on after it has been consumed; what a checkpoint stores
 * @param <S> the kind
 */
public record Batch<S extends Sample>(ImmutableList<Item<S>> items, Cursor start, Cursor end) {

  /**
   * One sample, with one text if it has texts, and where it was read. Items of one record share the
   * image's memory.
   *
   * @param epoch of its data set
   * @param shard where it was read
   * @param offset where its record begins in the (uncompressed) shard
   */
  public record Item<S extends Sample>(SampleId id, long epoch, Path shard, long offset, S sample) {
    /** Key, shard and offset, for messages. */
    public String where() {
      return "%s (%s: record at byte %d)".formatted(id.key(), shard, offset);
    }
  }

  /** Number of items. */
  public int size() {
    return items.size();
  }

  /** The samples. */
  public List<S> samples() {
    return items.stream().map(Item::sample).toList();
  }

  /** The images of all items, one after another, see {@link SampleKind#images}. */
  public List<ByteString> images() {
    return items.stream().flatMap(item -> SampleKind.images(item.sample()).stream()).toList();
  }

  /** Seeds of the items, see {@link SampleId#seed}. */
  public long[] seeds(long runSeed) {
    return items.stream().mapToLong(item -> item.id().seed(runSeed, item.epoch())).toArray();
  }
}
