package org.blip4j.data.pipeline;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * How records are read.
 *
 * @param codec column names
 * @param damage what happens at a damaged record
 * @param checkImages whether a record with an image that is none, cut short or damaged (as far as
 *     its headers tell) counts as damaged
 * @param access how the bytes of shards are come by
 */
public record SourceOptions(
    ExampleCodec codec, DamagePolicy damage, boolean checkImages, TfRecordReader.Access access) {
  /** Standard column names, images checked, the first damaged record raises. */
  public static SourceOptions strict() {
    return new SourceOptions(
        ExampleCodec.standard(), DamagePolicy.raise(), true, TfRecordReader.Access.standard());
  }

  /** The same with other column names. */
  public SourceOptions withCodec(ExampleCodec other) {
    return new SourceOptions(other, damage, checkImages, access);
  }

  /** The same with another policy for damaged records. */
  public SourceOptions withDamage(DamagePolicy other) {
    return new SourceOptions(codec, other, checkImages, access);
  }

  /** The same with images checked or not. */
  public SourceOptions withCheckImages(boolean value) {
    return new SourceOptions(codec, damage, value, access);
  }

  /** The same with another way to the bytes. */
  public SourceOptions withAccess(TfRecordReader.Access other) {
    return new SourceOptions(codec, damage, checkImages, other);
  }

  /** Refuses a sample with an image that is none, as far as asked for. */
  void check(Sample sample) throws SampleException {
    if (!checkImages) {
      return;
    }
    for (ByteString image : SampleKind.images(sample)) {
      try {
        ImageInfo.inspect(image);
      } catch (SampleException e) {
        throw new SampleException("sample \"%s\": %s".formatted(sample.key(), e.getMessage()), e);
      }
    }
  }

  /**
   * What happens at a damaged record: the reading fails, or the record is reported, counted and
   * left out. Never is one left out silently.
   *
   * <p>A record met again (in a later epoch, or by the count) is reported and counted once.
   */
  public static final class DamagePolicy {
    /**
     * A record that could not be used.
     *
     * @param offset where it begins in the (uncompressed) shard
     * @param reason one line that names shard, place and what is wrong
     * @param restLost whether no later record of the shard could be read either
     */
    public record Damaged(Path shard, long offset, String reason, boolean restLost) {}

    private final Consumer<Damaged> listener;
    private final Set<String> met = ConcurrentHashMap.newKeySet();
    private final AtomicLong items = new AtomicLong();
    private final AtomicLong replaced = new AtomicLong();

    private DamagePolicy(Consumer<Damaged> listener) {
      this.listener = listener;
    }

    /** Fails at the first damaged record. */
    public static DamagePolicy raise() {
      return new DamagePolicy(null);
    }

    /** Leaves damaged records out and tells {@code listener} of each. */
    public static DamagePolicy skip(Consumer<Damaged> listener) {
      if (listener == null) {
        throw new IllegalArgumentException("skipping damaged records needs a listener for them");
      }
      return new DamagePolicy(listener);
    }

    /** How many different records have been left out. */
    public int skipped() {
      return met.size();
    }

    /** How many items of a stream stand in for those of damaged records. */
    public long replaced() {
      return replaced.get();
    }

    /** How many items a stream has made ready, replaced ones counted. */
    public long items() {
      return items.get();
    }

    void count(int made, int standIns) {
      items.addAndGet(made);
      replaced.addAndGet(standIns);
    }

    void handle(Damaged damaged, IOException cause) throws IOException {
      if (listener == null) {
        throw cause;
      }
      if (met.add(damaged.shard() + "@" + damaged.offset())) {
        listener.accept(damaged);
      }
    }
  }
}
