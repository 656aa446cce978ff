package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * A closeable stream of the images with texts of shards, in order; one shard is open at a time.
 *
 * <p>A record without key is called by its place, see {@link Batch.SampleId}.
 */
public final class SampleSource implements Closeable {
  /**
   * A sample and where it was read.
   *
   * @param index number of its record in the shard, from 0
   * @param offset where its record begins in the (uncompressed) shard
   */
  public record Located(Sample.ImageText sample, Path shard, long index, long offset) {}

  /**
   * Records of one shard that follow each other.
   *
   * @param offset where the first begins in the (uncompressed) shard; not above 0 if compressed
   * @param first its number in the shard, from 0
   * @param end number of the record after the last; {@link Long#MAX_VALUE} for all to the end
   */
  public record Range(long offset, long first, long end) {
    /** All records. */
    public static final Range ALL = new Range(0, 0, Long.MAX_VALUE);
  }

  private final ShardSet shards;
  private final ImmutableList<String> names;
  private final SourceOptions options;
  private final Range range;
  private int opened;
  private ShardSamples<Sample.ImageText> shard;

  private SampleSource(ShardSet shards, SourceOptions options, Range range) {
    this.shards = shards;
    this.names = shards.names();
    this.options = options;
    this.range = range;
  }

  /** Starts at the first record of the first shard. */
  public static SampleSource open(ShardSet shards, SourceOptions options) {
    return new SampleSource(shards, options, Range.ALL);
  }

  /** Starts at the first record of a part of one shard and ends with its last. */
  public static SampleSource open(Path shard, Range range, SourceOptions options) {
    return new SampleSource(ShardSet.of(List.of(shard)), options, range);
  }

  /** The next sample, or empty after the last. */
  public Optional<Located> next() throws IOException {
    while (shard != null || opened < shards.size()) {
      if (shard == null) {
        shard = openNext();
      }
      Optional<ShardSamples.Read<Sample.ImageText>> read = shard.next(range.end());
      if (read.isPresent()) {
        ShardSamples.Read<Sample.ImageText> found = read.get();
        return Optional.of(
            new Located(found.value(), shard.shard(), found.index(), found.offset()));
      }
      shard.close();
      shard = null;
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    if (shard != null) {
      shard.close();
      shard = null;
    }
    opened = shards.size();
  }

  private ShardSamples<Sample.ImageText> openNext() throws IOException {
    int number = opened++;
    ShardSamples<Sample.ImageText> samples =
        new ShardSamples<>(
            TfRecordReader.open(shards.paths().get(number), options.access()),
            names.get(number),
            options.damage(),
            (record, otherwise) -> {
              Sample.ImageText sample = options.codec().imageText(record, otherwise);
              options.check(sample);
              return sample;
            });
    if (range.first() > 0) {
      samples.seek(range.offset(), range.first());
    }
    return samples;
  }

  /**
   * The records of one open shard, in order; damaged ones are handled as the policy says.
   *
   * @param <T> what a record is decoded to
   */
  static final class ShardSamples<T> implements Closeable {
    private final TfRecordReader reader;
    private final String name;
    private final SourceOptions.DamagePolicy damage;
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
    ShardSamples(
        TfRecordReader reader, String name, SourceOptions.DamagePolicy damage, Decoder<T> decoder) {
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

    private SourceOptions.DamagePolicy.Damaged damaged(String reason, boolean restLost) {
      return new SourceOptions.DamagePolicy.Damaged(
          reader.shard(), reader.offset(), reason, restLost);
    }
  }
}
