package org.blip4j.data.pipeline;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;

/**
 * What an item is called wherever and whenever it is met.
 *
 * <p>Records of one data set with the same key are of one image (a set may hold a record a
 * caption); equal keys of different data sets of a mixture mean nothing. A record without a key is
 * called by its place, {@code SHARD#INDEX}, where the shard is named by {@link
 * org.blip4j.data.tfrecord.ShardSet#names}: records of equally named shards of two folders differ.
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
   * A seed for what is random about this item in one epoch (crop, flip ...): the same for the same
   * run seed, epoch and item, whatever batch it stands in.
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
