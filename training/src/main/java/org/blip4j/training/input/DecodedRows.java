package org.blip4j.training.input;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.pipeline.Batch;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.sample.Sample;

/**
 * Images of the rows of a batch that a process has, decoded at once; those of any other row once it
 * is asked for, which happens where it may stand in for a damaged one.
 *
 * @param <S> the kind of the samples
 */
final class DecodedRows<S extends Sample> implements AutoCloseable {
  private final PreparedPixels images;
  private final List<Batch.Item<S>> items;
  private final long[] seeds;
  private final String[] problems;
  private final Map<Integer, List<PreparedPixels.Prepared>> others = new HashMap<>();
  private final List<PreparedPixels.Prepared> own = new ArrayList<>();
  private BatchContent.Rows rows = new BatchContent.Rows(0, 0);

  /**
   * Decodes nothing yet.
   *
   * @param items of the whole batch
   * @param seeds one for each
   * @param problems one for each, empty where there is none yet
   */
  DecodedRows(PreparedPixels images, List<Batch.Item<S>> items, long[] seeds, String[] problems) {
    this.images = images;
    this.items = items;
    this.seeds = seeds;
    this.problems = problems;
  }

  /** Decodes the rows of this process. */
  void decode(BatchContent.Rows wanted) {
    rows = wanted;
    decode(wanted, own);
  }

  private void decode(BatchContent.Rows wanted, List<PreparedPixels.Prepared> into) {
    int number = SampleKind.images(items.get(wanted.first()).sample()).size();
    for (int i = 0; i < number; i++) {
      int ordinal = i;
      List<ByteString> files =
          wanted.of(items).stream()
              .map(item -> SampleKind.images(item.sample()).get(ordinal))
              .toList();
      PreparedPixels.Prepared prepared =
          images.prepare(files, Arrays.copyOfRange(seeds, wanted.first(), wanted.end()), ordinal);
      into.add(prepared);
      for (int row = wanted.first(); row < wanted.end(); row++) {
        String found = prepared.problems().get(row - wanted.first());
        problems[row] = problems[row].isEmpty() ? found : problems[row];
      }
    }
  }

  /** What is wrong with a row; empty for nothing. */
  String problem(int row) {
    if (!isOwn(row) && problems[row].isEmpty() && !others.containsKey(row)) {
      List<PreparedPixels.Prepared> decoded = new ArrayList<>();
      others.put(row, decoded);
      decode(new BatchContent.Rows(row, row + 1), decoded);
    }
    return problems[row];
  }

  private boolean isOwn(int row) {
    return row >= rows.first() && row < rows.end();
  }

  /** Puts the images of a good row in the place of those of a row of this process. */
  void copy(int from, int to) {
    for (int i = 0; i < own.size(); i++) {
      if (isOwn(from)) {
        own.get(i).copyRow(own.get(i), from - rows.first(), to - rows.first());
      } else {
        own.get(i).copyRow(others.get(from).get(i), 0, to - rows.first());
      }
    }
  }

  /** The images of this process, from now on the caller's. */
  ImmutableMap<String, PreparedPixels.Prepared> named(ImmutableList<String> names) {
    ImmutableMap.Builder<String, PreparedPixels.Prepared> named = ImmutableMap.builder();
    for (int i = 0; i < own.size(); i++) {
      named.put(names.get(i), own.get(i));
    }
    closeOthers();
    return named.buildOrThrow();
  }

  private void closeOthers() {
    others.values().forEach(some -> some.forEach(PreparedPixels.Prepared::close));
    others.clear();
  }

  @Override
  public void close() {
    closeOthers();
    own.forEach(PreparedPixels.Prepared::close);
  }
}
