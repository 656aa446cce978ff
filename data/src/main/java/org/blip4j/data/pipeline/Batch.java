package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
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
public record Batch<S extends Sample>(
    ImmutableList<Item<S>> items, SamplePipeline.Cursor start, SamplePipeline.Cursor end) {

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

  /**
   * What an item is called wherever and whenever it is met.
   *
   * <p>Records of one data set with the same key are of one image (a set may hold a record a
   * caption); equal keys of different data sets of a mixture mean nothing. A record without a key
   * is called by its place, {@code SHARD#INDEX}, where the shard is named by {@link
   * org.blip4j.data.tfrecord.ShardSet#names}: records of equally named shards of two folders
   * differ.
   *
   * @param set name of the data set in a mixture, empty if there is one set
   * @param key of the record
   * @param ordinal number of the text in the record
   */
  public record SampleId(String set, String key, int ordinal) {
    /** An item of the only data set. */
    public SampleId(String key, int ordinal) {
      this("", key, ordinal);
    }

    /** What the image is called among those of all sets. */
    public String image() {
      return set.isEmpty() ? key : set + "/" + key;
    }

    /**
     * A seed for what is random about this item in one epoch (crop, flip ...): the same for the
     * same run seed, epoch and item, whatever batch it stands in.
     */
    public long seed(long runSeed, long epoch) {
      return Hashing.murmur3_128()
          .newHasher()
          .putLong(runSeed)
          .putLong(epoch)
          .putInt(ordinal)
          .putString(image(), StandardCharsets.UTF_8)
          .hash()
          .asLong();
    }
  }
}
