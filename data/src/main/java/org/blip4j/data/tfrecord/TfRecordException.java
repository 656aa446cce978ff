package org.blip4j.data.tfrecord;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Damage in a TFRecord shard, with the shard, the byte offset of the damaged record and what is
 * wrong.
 *
 * <p>For a compressed shard the offset counts bytes of the uncompressed stream, and the message
 * says so.
 */
public final class TfRecordException extends IOException {
  private static final long serialVersionUID = 1;

  /** What is wrong with a record. */
  public enum Damage {
    /** The file ends inside a record. */
    TRUNCATED,
    /** The length does not match its checksum; nothing behind it can be found. */
    CORRUPT_LENGTH,
    /** The data do not match their checksum; the next record can still be read. */
    CORRUPT_DATA,
    /** The length is above the reader's limit. */
    TOO_LONG,
    /** The GZIP or ZLIB stream around the records is damaged. */
    COMPRESSION
  }

  private final transient Path shard;
  private final long offset;
  private final Damage damage;
  private final String problem;

  TfRecordException(
      RecordStream.Place place, long offset, Damage damage, String what, Throwable cause) {
    super("%s: %s: %s".formatted(place.shard(), place.at(offset), what), cause);
    this.shard = place.shard();
    this.offset = offset;
    this.damage = damage;
    this.problem = what;
  }

  /** The damaged shard. */
  public Path shard() {
    return shard;
  }

  /** Where the damaged record begins. */
  public long offset() {
    return offset;
  }

  /** What is wrong. */
  public Damage damage() {
    return damage;
  }

  /** What is wrong, in words, without the place. */
  public String problem() {
    return problem;
  }

  /** Whether the reader can go on with the next record. */
  public boolean canContinue() {
    return damage == Damage.CORRUPT_DATA;
  }
}
