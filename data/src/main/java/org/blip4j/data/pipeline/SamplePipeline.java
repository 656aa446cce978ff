package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.stream.Prefetch;

/**
 * Seeded, resumable batches of samples of one kind.
 *
 * <p>An epoch of a data set has each of its items once, in an order that is a function of (seed,
 * epoch, position) over the {@link DataIndex}: the windows of the shards are permuted, gathered in
 * blocks, and the items of each block permuted. A place is a position: {@link #open} there yields
 * exactly what an unbroken run would have yielded after it, and reads nothing that comes before it
 * but the rest of one block.
 *
 * <p>Several data sets are mixed by weight, item by item, each in its own epochs; an epoch of the
 * mixture then has as many items as all sets together, and only its length is one.
 *
 * <pre>{@code
 * SourceOptions source = SourceOptions.strict();
 * DataIndex index = DataIndex.open(Mixture.of(shards), SampleKind.IMAGE_TEXT, source, file, log);
 * var pipeline =
 *     new SamplePipeline<>(SampleKind.IMAGE_TEXT, index, source, Options.of(1, 64));
 * try (Prefetch<Batch<Sample.ImageText>> batches = pipeline.open(Cursor.START)) {
 *   Batch<Sample.ImageText> batch = batches.next();
 * }
 * }</pre>
 *
 * @param <S> the kind
 */
public final class SamplePipeline<S extends Sample> {
  private static final long BLOCK_BYTES = 64L << 20;
  private static final int NAMED = 3;

  private final SampleKind<S> kind;
  private final DataIndex index;
  private final SourceOptions source;
  private final Options options;

  /**
   * How items are shuffled and batched.
   *
   * @param seed of the order of every epoch
   * @param batchSize items in a batch; an incomplete last batch of an epoch is dropped, as upstream
   * @param mixed records of a block, whose items are permuted among each other
   * @param prefetch batches made ready ahead
   */
  public record Options(long seed, int batchSize, int mixed, int prefetch) {
    private static final int MIXED = 1024;
    private static final int PREFETCH = 2;

    public Options {
      positive("batch size", batchSize);
      positive("number of mixed records", mixed);
      positive("number of prefetched batches", prefetch);
    }

    /** Blocks of 1,024 records, 2 batches ahead. */
    public static Options of(long seed, int batchSize) {
      return new Options(seed, batchSize, MIXED, PREFETCH);
    }

    /** The same with blocks of another size. */
    public Options withMixed(int records) {
      return new Options(seed, batchSize, records, prefetch);
    }

    /** The same with another number of batches made ready ahead. */
    public Options withPrefetch(int batches) {
      return new Options(seed, batchSize, mixed, batches);
    }

    private static void positive(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(
            "%s is %d, it must be at least 1".formatted(what, value));
      }
    }
  }

  /** Makes a pipeline; nothing is read yet. */
  public SamplePipeline(
      SampleKind<S> kind, DataIndex index, SourceOptions source, Options options) {
    this.kind = kind;
    this.index = index;
    this.source = source;
    this.options = options;
  }

  /** Full batches of an epoch. */
  public long batchesPerEpoch() {
    return index.items() / options.batchSize();
  }

  /**
   * Checks that there is something to read.
   *
   * @throws IllegalArgumentException if all data hold less than one batch, or a set holds nothing
   */
  public void requireBatch() {
    String without =
        index.without() == 0
            ? ""
            : "; %d records have no %s (%s), name the right column as text key"
                .formatted(
                    index.without(),
                    kind.wanted(),
                    String.join(", ", source.codec().aliases().text()));
    if (batchesPerEpoch() == 0) {
      throw new IllegalArgumentException(
          "the data hold %d %s, less than one batch of %d; give more data or a smaller"
                  .formatted(index.items(), kind.many(), options.batchSize())
              + " batch"
              + without);
    }
    for (DataIndex.Part part : index.parts()) {
      if (part.items() == 0) {
        throw new IllegalArgumentException(
            "data set %s holds nothing to train on; leave it out%s"
                .formatted(part.set().name(), without));
      }
    }
  }

  /**
   * Starts the stream of batches at a place; it has no end, and fails if the data are damaged and
   * the policy is to raise.
   *
   * @throws IllegalArgumentException as {@link #requireBatch}
   * @throws IOException if the place is one in other data
   */
  public Prefetch<Batch<S>> open(Cursor from) throws IOException {
    return new Prefetch<>("blip-batches", stream(from), options.prefetch());
  }

  /** The same stream without a thread of its own. */
  Batches stream(Cursor from) throws IOException {
    requireBatch();
    String data = index.fingerprint();
    if (!from.data().isEmpty() && !from.data().equals(data)) {
      String changes =
          index.changed().isEmpty()
              ? "the data are others"
              : String.join(", ", index.changed().stream().limit(NAMED).toList())
                  + (index.changed().size() > NAMED ? " ..." : "");
      throw new IOException(
          "data position %s is one in other data than those given: %s; restore them or start"
                  .formatted(from.encode(), changes)
              + " another run");
    }
    if (from.consumed() > batchesPerEpoch() * options.batchSize()) {
      throw new IOException(
          "data position %s is beyond the %d items of an epoch"
              .formatted(from.encode(), index.items()));
    }
    return new Batches(new Cursor(from.epoch(), from.consumed(), data));
  }

  /** The batches from a place on, made by the thread that asks. */
  final class Batches implements Prefetch.Source<Batch<S>> {
    private final List<SetStream<S>> sets = new ArrayList<>();
    private final int[] pattern = index.mixture().pattern();
    private final long perEpoch = batchesPerEpoch() * options.batchSize();
    private Cursor position;

    private Batches(Cursor from) {
      this.position = from;
      int count = index.parts().size();
      EpochOrder.Limits limits = new EpochOrder.Limits(options.mixed(), BLOCK_BYTES / count);
      for (int i = 0; i < count; i++) {
        long seed = i == 0 ? options.seed() : EpochOrder.seed(options.seed(), -i);
        sets.add(new SetStream<>(kind, index.parts().get(i), source, seed, limits));
      }
      seek();
    }

    @Override
    public Batch<S> next() throws IOException {
      if (position.consumed() >= perEpoch) {
        position = new Cursor(position.epoch() + 1, 0, position.data());
        if (sets.size() == 1) {
          seek(); // past the rest that fills no batch
        }
      }
      Cursor start = position;
      long drawn = drawn();
      ImmutableList.Builder<Batch.Item<S>> items =
          ImmutableList.builderWithExpectedSize(options.batchSize());
      for (int i = 0; i < options.batchSize(); i++) {
        items.add(sets.get(pattern[(int) ((drawn + i) % pattern.length)]).next());
      }
      position = new Cursor(start.epoch(), start.consumed() + options.batchSize(), start.data());
      return new Batch<>(items.build(), start, position);
    }

    @Override
    public void close() throws IOException {
      for (SetStream<S> set : sets) {
        set.close();
      }
    }

    /** Items drawn from all sets before the present position. */
    private long drawn() {
      return position.epoch() * perEpoch + position.consumed();
    }

    private void seek() {
      if (sets.size() == 1) {
        sets.get(0).seek(position.epoch(), position.consumed());
        return;
      }
      long[] taken = new long[sets.size()];
      int rest = (int) (drawn() % pattern.length);
      for (int i = 0; i < pattern.length; i++) {
        taken[pattern[i]] += drawn() / pattern.length + (i < rest ? 1 : 0);
      }
      for (int i = 0; i < taken.length; i++) {
        long items = index.parts().get(i).items();
        sets.get(i).seek(taken[i] / items, taken[i] % items);
      }
    }
  }

  /**
   * A place in the endless stream of batches: the epoch, how many items of it have been consumed,
   * and which data it is a place in.
   *
   * <p>Written as {@code epoch:consumed@data}, for checkpoints.
   *
   * @param data {@link DataIndex#fingerprint}; empty at the beginning of whatever data
   */
  public record Cursor(long epoch, long consumed, String data) {
    /** The very beginning. */
    public static final Cursor START = new Cursor(0, 0, "");

    private static final Pattern WRITTEN =
        Pattern.compile("(\\d{1,18}):(\\d{1,18})(?:@([0-9a-f]{16}))?");

    public Cursor {
      if (epoch < 0 || consumed < 0) {
        throw new IllegalArgumentException(
            "data position %d:%d is negative, both parts must be 0 or more"
                .formatted(epoch, consumed));
      }
    }

    /** The place as text. */
    public String encode() {
      return epoch + ":" + consumed + (data.isEmpty() ? "" : "@" + data);
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IllegalArgumentException for any other text, and for a place that an earlier version
     *     wrote, which read the data in another order
     */
    public static Cursor parse(String text) {
      Matcher m = WRITTEN.matcher(text);
      if (!m.matches()) {
        throw new IllegalArgumentException(
            "data position \"%s\" is not EPOCH:CONSUMED@DATA such as 0:1280@0123456789abcdef"
                .formatted(text));
      }
      String data = m.group(3) == null ? "" : m.group(3);
      Cursor cursor = new Cursor(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)), data);
      if (data.isEmpty() && !cursor.equals(START)) {
        throw new IllegalArgumentException(
            "data position %s was written by an earlier version, which read the data in another order;"
                    .formatted(text)
                + " end that run with the version that began it, or start another one from its"
                + " model");
      }
      return cursor;
    }
  }
}
