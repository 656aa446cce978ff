package org.blip4j.data.pipeline;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * The records of one open shard, in order; damaged ones are handled as the policy says.
 *
 * @param <T> what a record is decoded to
 */
final class ShardSamples<T> implements Closeable {
  private final TfRecordReader reader;
  private final String name;
  private final DamagePolicy damage;
  private final Decoder<T> decoder;
  private long index;

  /** Reads a record. */
  interface Decoder<T> {
    /** {@code otherwise} is the key of a record that has none. */
    T decode(byte[] record, String otherwise) throws SampleException;
  }

  /**
   * What was read and where.
   *
   * @param index number of the record in the shard, from 0
   * @param offset where it begins in the (uncompressed) shard
   */
  record Read<T>(T value, long index, long offset) {}

  /**
   * Starts at the first record.
   *
   * @param name what the shard is called in the keys of records that have none
   */
  ShardSamples(TfRecordReader reader, String name, DamagePolicy damage, Decoder<T> decoder) {
    this.reader = reader;
    this.name = name;
    this.damage = damage;
    this.decoder = decoder;
  }

  Path shard() {
    return reader.shard();
  }

  /** Where the next record begins. */
  long position() {
    return reader.position();
  }

  /** Goes to a record that begins at a place and is the shard's {@code number}-th. */
  void seek(long offset, long number) throws IOException {
    reader.seek(offset);
    index = number;
  }

  /** The next good record before the {@code end}-th of the shard; empty if there is none. */
  Optional<Read<T>> next(long end) throws IOException {
    while (index < end) {
      try {
        Optional<byte[]> record = reader.next();
        if (record.isEmpty()) {
          return Optional.empty();
        }
        long number = index++;
        T value = decoder.decode(record.get(), name + "#" + number);
        return Optional.of(new Read<>(value, number, reader.offset()));
      } catch (TfRecordException e) {
        index++;
        damage.handle(damaged(e.getMessage(), !e.canContinue()), e);
        if (!e.canContinue()) {
          return Optional.empty();
        }
      } catch (SampleException e) {
        String reason = reader.where() + ": " + e.getMessage();
        damage.handle(damaged(reason, false), new SampleException(reason, e));
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }

  private DamagePolicy.Damaged damaged(String reason, boolean restLost) {
    return new DamagePolicy.Damaged(reader.shard(), reader.offset(), reason, restLost);
  }
}
