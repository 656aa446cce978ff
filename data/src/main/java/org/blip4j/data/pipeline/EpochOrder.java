package org.blip4j.data.pipeline;

import com.google.common.hash.Hashing;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * In which order the records of a data set are read in an epoch: a function of index, seed and
 * epoch alone, so that any position can be gone to.
 *
 * <p>Units (the windows of plain shards, and whole compressed shards, which can only be read from
 * their beginning) are permuted. {@value #LANES} are read in turn, window by window, and their
 * windows gathered in blocks of a bounded number of records and bytes. A block is read as a whole,
 * each of its windows in one go, and its items are permuted. So what is read in vain after going to
 * a position is at most one block, and the beginnings of the compressed shards in turn.
 */
final class EpochOrder {
  private static final int LANES = 8;

  private final List<List<Place>> blocks = new ArrayList<>();
  private final long[] starts;

  /** A window, and which shard of the set it is of. */
  record Place(int shard, ShardIndex.Window window) {}

  /** How much a block holds; it ends with the window that reaches either. */
  record Limits(int records, long bytes) {}

  EpochOrder(List<ShardIndex> shards, long seed, Limits limits) {
    gather(units(shards), seed, limits);
    this.starts = new long[blocks.size() + 1];
    for (int i = 0; i < blocks.size(); i++) {
      starts[i + 1] = starts[i] + items(blocks.get(i));
    }
  }

  /** Hashed: seeds of SplittableRandom that lie close together give related streams. */
  static long seed(long seed, long part) {
    return Hashing.murmur3_128().newHasher().putLong(seed).putLong(part).hash().asLong();
  }

  /** The numbers below {@code n} in an order drawn by a seed. */
  static int[] permuted(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] order = IntStream.range(0, n).toArray();
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  static int items(List<Place> block) {
    return block.stream().mapToInt(place -> place.window().items()).sum();
  }

  /** Number of blocks. */
  int size() {
    return blocks.size();
  }

  /** The windows of a block. */
  List<Place> block(int number) {
    return blocks.get(number);
  }

  /** The block that holds the item of a position in the epoch; {@link #size} beyond the last. */
  int blockOf(long position) {
    int found = Arrays.binarySearch(starts, position);
    int block = found >= 0 ? found : -found - 2;
    while (block < size() && starts[block + 1] == position) {
      block++; // without items
    }
    return block;
  }

  /** The position of a block's first item. */
  long start(int block) {
    return starts[block];
  }

  private static List<List<Place>> units(List<ShardIndex> shards) {
    List<List<Place>> units = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      int shard = i;
      List<Place> windows =
          shards.get(i).windows().stream().map(window -> new Place(shard, window)).toList();
      if (shards.get(i).plain()) {
        windows.forEach(window -> units.add(List.of(window)));
      } else if (!windows.isEmpty()) {
        units.add(windows);
      }
    }
    return units;
  }

  private void gather(List<List<Place>> units, long seed, Limits limits) {
    Deque<Integer> waiting = new ArrayDeque<>();
    Arrays.stream(permuted(units.size(), seed)).forEach(waiting::add);
    List<Deque<Place>> lanes = new ArrayList<>();
    List<Place> block = new ArrayList<>();
    long records = 0;
    long bytes = 0;
    int turn = 0;
    while (!waiting.isEmpty() || !lanes.isEmpty()) {
      while (lanes.size() < LANES && !waiting.isEmpty()) {
        lanes.add(new ArrayDeque<>(units.get(waiting.remove())));
      }
      turn %= lanes.size();
      Place next = lanes.get(turn).remove();
      if (!lanes.get(turn).isEmpty()) {
        turn++;
      } else if (waiting.isEmpty()) {
        lanes.remove(turn);
      } else {
        lanes.set(turn++, new ArrayDeque<>(units.get(waiting.remove())));
      }
      block.add(next);
      records += next.window().records();
      bytes += next.window().bytes();
      if (records >= limits.records() || bytes >= limits.bytes()) {
        blocks.add(List.copyOf(block));
        block.clear();
        records = 0;
        bytes = 0;
      }
    }
    if (!block.isEmpty()) {
      blocks.add(List.copyOf(block));
    }
  }
}
