package org.blip4j.data.pipeline;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.blip4j.data.tfrecord.ShardSet;

/** The samples of an epoch before shuffling: shards in a drawn order, several read in turn. */
final class InterleavedSamples implements Closeable {
  private final List<Path> waiting;
  private final SourceOptions options;
  private final int width;
  private final List<SampleSource> open = new ArrayList<>();
  private int taken;
  private int turn;

  InterleavedSamples(ShardSet shards, SourceOptions options, int width, SplittableRandom random) {
    this.waiting = permuted(shards.paths(), random);
    this.options = options;
    this.width = width;
  }

  Optional<LocatedSample> next() throws IOException {
    while (open.size() < width && taken < waiting.size()) {
      open.add(openNext());
    }
    while (!open.isEmpty()) {
      if (turn >= open.size()) {
        turn = 0;
      }
      SampleSource source = open.get(turn);
      Optional<LocatedSample> sample = source.next();
      if (sample.isPresent()) {
        turn++;
        return sample;
      }
      source.close();
      if (taken < waiting.size()) {
        open.set(turn, openNext());
      } else {
        open.remove(turn);
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    for (SampleSource source : open) {
      source.close();
    }
  }

  private SampleSource openNext() {
    return SampleSource.open(ShardSet.of(List.of(waiting.get(taken++))), options);
  }

  private static List<Path> permuted(List<Path> paths, SplittableRandom random) {
    List<Path> order = new ArrayList<>(paths);
    for (int i = order.size() - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      order.set(j, order.set(i, order.get(j)));
    }
    return order;
  }
}
