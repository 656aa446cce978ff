package org.blip4j.data.pipeline;

import com.google.common.collect.Iterables;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordReader;

/**
 * The endless stream of the items of one data set, epoch after epoch, from any position on.
 *
 * <p>Items of a record that turns out to be damaged are replaced by others of its block, so that
 * none after them shifts.
 *
 * @param <S> the kind of the items
 */
final class SetStream<S extends Sample> implements Closeable {
  private final SampleKind<S> kind;
  private final DataIndex.Part part;
  private final SourceOptions source;
  private final long seed;
  private final EpochOrder.Limits limits;
  private final Map<Integer, SampleSource.ShardSamples<List<S>>> compressed = new HashMap<>();
  private EpochOrder order;
  private long epoch;
  private long position;
  private List<Batch.Item<S>> block = List.of();
  private long blockStart;

  SetStream(
      SampleKind<S> kind,
      DataIndex.Part part,
      SourceOptions source,
      long seed,
      EpochOrder.Limits limits) {
    this.kind = kind;
    this.part = part;
    this.source = source;
    this.seed = seed;
    this.limits = limits;
  }

  /** Goes to a position of an epoch; nothing is read yet. */
  void seek(long newEpoch, long newPosition) {
    if (order == null || newEpoch != epoch) {
      order = null;
      block = List.of();
    }
    epoch = newEpoch;
    position = newPosition;
  }

  /** The next item. */
  Batch.Item<S> next() throws IOException {
    if (position - blockStart >= block.size() || position < blockStart) {
      load();
    }
    return block.get((int) (position++ - blockStart));
  }

  @Override
  public void close() throws IOException {
    for (SampleSource.ShardSamples<List<S>> shard : compressed.values()) {
      shard.close();
    }
    compressed.clear();
  }

  private void load() throws IOException {
    if (order == null) {
      order = order();
    }
    int number = order.blockOf(position);
    if (number == order.size()) {
      seek(epoch + 1, 0);
      close();
      order = order();
      number = order.blockOf(0);
    }
    block = List.of(); // not held while the next one is read
    List<EpochOrder.Place> windows = order.block(number);
    List<Batch.Item<S>> good = new ArrayList<>();
    for (EpochOrder.Place window : windows) {
      read(window, good);
    }
    int wanted = EpochOrder.items(windows);
    if (good.isEmpty()) {
      throw new IOException(
          "none of the %d records of %s and others that belong together could be used"
              .formatted(
                  windows.stream().mapToInt(w -> w.window().records()).sum(),
                  part.set().shards().paths().get(windows.get(0).shard())));
    }
    source.damage().count(wanted, Math.max(0, wanted - good.size()));
    List<Batch.Item<S>> permuted = new ArrayList<>(wanted);
    for (int i : EpochOrder.permuted(wanted, EpochOrder.seed(epochSeed(), number))) {
      permuted.add(good.get(i % good.size()));
    }
    block = permuted;
    blockStart = order.start(number);
  }

  private EpochOrder order() {
    return new EpochOrder(part.shards(), epochSeed(), limits);
  }

  private long epochSeed() {
    return EpochOrder.seed(seed, epoch);
  }

  private void read(EpochOrder.Place place, List<Batch.Item<S>> items) throws IOException {
    ShardIndex.Window window = place.window();
    long end = window.first() + window.records();
    SampleSource.ShardSamples<List<S>> shard = at(place);
    boolean more = false;
    try {
      for (var read = shard.next(end); read.isPresent(); read = shard.next(end)) {
        List<S> samples = read.get().value();
        for (int i = 0; i < samples.size(); i++) {
          Batch.SampleId id = new Batch.SampleId(part.set().name(), samples.get(i).key(), i);
          items.add(
              new Batch.Item<>(id, epoch, shard.shard(), read.get().offset(), samples.get(i)));
        }
      }
      ShardIndex whole = part.shards().get(place.shard());
      more = !whole.plain() && !window.equals(Iterables.getLast(whole.windows()));
    } finally {
      if (more) {
        compressed.put(place.shard(), shard);
      } else {
        shard.close();
      }
    }
  }

  /** The shard at the window's first record. */
  private SampleSource.ShardSamples<List<S>> at(EpochOrder.Place place) throws IOException {
    ShardIndex.Window window = place.window();
    SampleSource.ShardSamples<List<S>> open = compressed.remove(place.shard());
    if (open != null && open.position() > window.offset()) {
      open.close();
      open = null;
    }
    if (open == null) {
      open = open(place.shard());
    }
    try {
      open.seek(window.offset(), window.first());
      return open;
    } catch (IOException e) {
      open.close();
      throw e;
    }
  }

  private SampleSource.ShardSamples<List<S>> open(int number) throws IOException {
    Path path = part.set().shards().paths().get(number);
    return new SampleSource.ShardSamples<>(
        TfRecordReader.open(path, source.access()),
        part.names().get(number),
        source.damage(),
        (record, otherwise) -> {
          List<S> items = kind.items(record, source.codec(), otherwise);
          if (!items.isEmpty()) {
            source.check(items.get(0));
          }
          return items;
        });
  }
}
