package org.blip4j.data.pipeline;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;

/**
 * What a pair is called wherever and whenever it is met: its sample's key and the number of its
 * text.
 */
public record SampleId(String key, int ordinal) {
  /**
   * A seed for what is random about this pair in one epoch (crop, flip ...): the same for the same
   * run seed, epoch and pair, whatever batch it stands in.
   */
  public long seed(long runSeed, long epoch) {
    return Hashing.murmur3_128()
        .newHasher()
        .putLong(runSeed)
        .putLong(epoch)
        .putInt(ordinal)
        .putString(key, StandardCharsets.UTF_8)
        .hash()
        .asLong();
  }
}
