package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import org.blip4j.data.sample.Sample;

/**
 * A record of an input shard, usable or not.
 *
 * @param index number in the shard, from 0
 * @param key of the sample, or its place if it has none
 * @param sample empty if it could not be read
 * @param problem why not
 */
public record RawRecord(long index, String key, Optional<Sample.ImageText> sample, String problem) {
  /** The record with its judged texts. */
  public ScoredRecord scored(ImmutableList<ScoredText> texts) {
    return new ScoredRecord(this, texts);
  }

  /** The same record, found unusable. */
  public RawRecord unusable(String why) {
    return new RawRecord(index, key, Optional.empty(), why);
  }
}
