package org.blip4j.savedmodel.capfilt;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * All that decides what CapFilt makes of given shards with given models.
 *
 * @param policy which texts are kept
 * @param generation how the captioner writes
 * @param seed of sampling
 * @param batchSize images computed at once; part of the settings since scores may differ in the
 *     last digits from batch to batch
 */
public record CapFiltSettings(
    CapFiltPolicy policy, GenerationSettings generation, long seed, int batchSize) {
  /** Refuses missing parts and more kept candidates than there are. */
  public CapFiltSettings {
    Objects.requireNonNull(policy, "policy is missing");
    Objects.requireNonNull(generation, "generation is missing");
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size " + batchSize + " is less than 1");
    }
    if (policy.keepTop() > generation.candidates()) {
      throw new IllegalArgumentException(
          "keep-top %d of %d candidates cannot be; raise --candidates"
              .formatted(policy.keepTop(), generation.candidates()));
    }
  }

  /** The published procedure. */
  public static CapFiltSettings published(long seed) {
    return new CapFiltSettings(CapFiltPolicy.published(), GenerationSettings.published(), seed, 32);
  }

  /** Whether a captioner is asked. */
  public boolean captions() {
    return policy.texts().includes(TextSource.SYNTHETIC);
  }

  /** Whether a filter is asked, if only to rank candidates. */
  public boolean scores() {
    return policy.filter() || policy.keepTop() < generation.candidates();
  }

  /** The same with another policy. */
  public CapFiltSettings withPolicy(CapFiltPolicy other) {
    return new CapFiltSettings(other, generation, seed, batchSize);
  }

  /** The seed of one sampled text: it depends on nothing else. */
  long seed(String shard, long record, int candidate) {
    return Hashing.murmur3_128()
        .newHasher()
        .putLong(seed)
        .putLong(record)
        .putInt(candidate)
        .putString(shard, StandardCharsets.UTF_8)
        .hash()
        .asLong();
  }
}
