package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.Longs;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.ExampleOutline;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.tensorflow.proto.BytesList;
import org.tensorflow.proto.Example;
import org.tensorflow.proto.Feature;
import org.tensorflow.proto.Int64List;

/**
 * Where the records of a shard lie and how many items they make, made by one pass that reads
 * lengths and the outlines of records, and all of a compressed shard.
 *
 * @param path absolute
 * @param bytes length of the file when the index was made
 * @param modified its time of modification, in milliseconds
 * @param rule what decided how many items a record makes
 * @param plain whether the shard can be read from any place
 * @param windows all records, in order
 * @param without records that make no item
 * @param damage why the rest of the shard cannot be read; empty if there is none
 */
record ShardIndex(
    String path,
    long bytes,
    long modified,
    String rule,
    boolean plain,
    ImmutableList<Window> windows,
    long without,
    String damage) {
  private static final int RECORDS = 128;
  private static final long BYTES = 8 << 20;

  /**
   * Neighbouring records: at most {@value #RECORDS}, and no more once they have 8 MiB.
   *
   * @param offset where the first one begins in the (uncompressed) shard
   * @param bytes from there to the end of the last one
   * @param first number of the first one
   * @param records how many there are
   * @param items how many items they make
   */
  record Window(long offset, long bytes, long first, int records, int items) {}

  /** Items of the whole shard. */
  long items() {
    return windows.stream().mapToLong(Window::items).sum();
  }

  /** Whether the file still is as it was, as far as its size and time tell. */
  boolean isFresh(String wanted) throws IOException {
    Path file = Path.of(path);
    return rule.equals(wanted)
        && bytes == Files.size(file)
        && modified == Files.getLastModifiedTime(file).toMillis();
  }

  /** Makes the index of a shard. */
  static ShardIndex make(Path shard, SampleKind<?> kind, SourceOptions options) throws IOException {
    Pass pass = new Pass(kind, options);
    boolean plain = false;
    String damage = "";
    try (TfRecordReader reader = TfRecordReader.open(shard, options.access().sparing())) {
      plain = reader.isPlain();
      pass.run(reader);
    } catch (TfRecordException e) {
      damage = e.getMessage();
    }
    return new ShardIndex(
        shard.toAbsolutePath().toString(),
        Files.size(shard),
        Files.getLastModifiedTime(shard).toMillis(),
        kind.rule(options.codec().aliases()),
        plain,
        pass.windows(),
        pass.without,
        damage);
  }

  /** One pass over a shard. */
  private static final class Pass {
    private final SampleKind<?> kind;
    private final SourceOptions options;
    private final List<Window> done = new ArrayList<>();
    private Window open = new Window(0, 0, 0, 0, 0);
    private long without;

    Pass(SampleKind<?> kind, SourceOptions options) {
      this.kind = kind;
      this.options = options;
    }

    void run(TfRecordReader reader) throws IOException {
      while (true) {
        int items = 0;
        try {
          Optional<InputStream> record = reader.peek();
          if (record.isEmpty()) {
            return;
          }
          items = kind.count(ExampleOutline.read(record.get()), options.codec().aliases());
          without += items == 0 ? 1 : 0;
        } catch (SampleException e) {
          items = 0; // whoever reads the record is told
        } catch (TfRecordException e) {
          if (!e.canContinue()) {
            throw e;
          }
        }
        add(items, reader.position());
      }
    }

    private void add(int items, long end) {
      open =
          new Window(
              open.offset(),
              end - open.offset(),
              open.first(),
              open.records() + 1,
              open.items() + items);
      if (open.records() == RECORDS || open.bytes() >= BYTES) {
        done.add(open);
        open = new Window(end, 0, open.first() + open.records(), 0, 0);
      }
    }

    ImmutableList<Window> windows() {
      ImmutableList.Builder<Window> all = ImmutableList.<Window>builder().addAll(done);
      return (open.records() == 0 ? all : all.add(open)).build();
    }
  }

  /** As a record of an index file. */
  byte[] encode() {
    Example.Builder example = Example.newBuilder();
    text(example, "path", path);
    text(example, "rule", rule);
    text(example, "damage", damage);
    numbers(example, "shard", List.of(bytes, modified, plain ? 1L : 0L, without));
    numbers(example, "bytes", windows.stream().map(Window::bytes).toList());
    numbers(example, "records", windows.stream().map(w -> (long) w.records()).toList());
    numbers(example, "items", windows.stream().map(w -> (long) w.items()).toList());
    return example.build().toByteArray();
  }

  /** Reads what {@link #encode} wrote; empty if it is something else. */
  static Optional<ShardIndex> decode(byte[] record) {
    try {
      Example example = Example.parseFrom(record);
      long[] shard = numbers(example, "shard");
      long[] bytes = numbers(example, "bytes");
      long[] records = numbers(example, "records");
      long[] items = numbers(example, "items");
      ImmutableList.Builder<Window> windows = ImmutableList.builder();
      long offset = 0;
      long first = 0;
      for (int i = 0; i < bytes.length; i++) {
        windows.add(new Window(offset, bytes[i], first, (int) records[i], (int) items[i]));
        offset += bytes[i];
        first += records[i];
      }
      return Optional.of(
          new ShardIndex(
              text(example, "path"),
              shard[0],
              shard[1],
              text(example, "rule"),
              shard[2] == 1,
              windows.build(),
              shard[3],
              text(example, "damage")));
    } catch (InvalidProtocolBufferException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private static void text(Example.Builder example, String name, String value) {
    BytesList list = BytesList.newBuilder().addValue(ByteString.copyFromUtf8(value)).build();
    put(example, name, Feature.newBuilder().setBytesList(list));
  }

  private static String text(Example example, String name) {
    return feature(example, name).getBytesList().getValue(0).toStringUtf8();
  }

  private static void numbers(Example.Builder example, String name, List<Long> values) {
    Int64List list = Int64List.newBuilder().addAllValue(values).build();
    put(example, name, Feature.newBuilder().setInt64List(list));
  }

  private static long[] numbers(Example example, String name) {
    return Longs.toArray(feature(example, name).getInt64List().getValueList());
  }

  private static void put(Example.Builder example, String name, Feature.Builder feature) {
    example.getFeaturesBuilder().putFeature(name, feature.build());
  }

  private static Feature feature(Example example, String name) {
    return example.getFeatures().getFeatureOrDefault(name, Feature.getDefaultInstance());
  }
}
