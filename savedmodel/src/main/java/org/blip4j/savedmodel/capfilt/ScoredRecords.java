package org.blip4j.savedmodel.capfilt;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** The records of one shard in order, each with its judged texts. */
public interface ScoredRecords extends Closeable {
  /** Opens the records of shards, by a model or from scores that one left. */
  interface Opener {
    ScoredRecords open(InputShard shard) throws IOException;
  }

  /** The next record, or empty at the end of the shard. */
  Optional<ScoredRecord> next() throws IOException;
}
