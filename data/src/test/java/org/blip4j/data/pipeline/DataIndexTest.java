package org.blip4j.data.pipeline;

import static org.blip4j.data.pipeline.TestShards.take;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.ByteStreams;
import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ExampleOutline;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.TestImages;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read when, counted byte by byte. */
final class DataIndexTest {
  private static final ByteString IMAGE = TestImages.image("png", 4, 4);
  private static final int SHARDS = 1000;
  private static final int RECORDS = 4;
  private static final int BATCH = 8;

  @TempDir Path folder;

  private final AtomicLong read = new AtomicLong();
  private final AtomicLong opened = new AtomicLong();

  /** Counts what is read from a shard. */
  private final class Counting implements SeekableByteChannel {
    private final SeekableByteChannel file;

    Counting(SeekableByteChannel file) {
      this.file = file;
      opened.incrementAndGet();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      int bytes = file.read(into);
      read.addAndGet(Math.max(0, bytes));
      return bytes;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      return file.write(from);
    }

    @Override
    public long position() throws IOException {
      return file.position();
    }

    @Override
    public SeekableByteChannel position(long place) throws IOException {
      file.position(place);
      return this;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public SeekableByteChannel truncate(long length) throws IOException {
      return file.truncate(length);
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private SourceOptions counting() {
    TfRecordReader.Access access = TfRecordReader.Access.standard();
    return SourceOptions.strict()
        .withAccess(
            new TfRecordReader.Access(
                path -> new Counting(Files.newByteChannel(path)), access.limit(), access.buffer()));
  }

  private long readBy(Action action) throws IOException {
    long before = read.get();
    action.run();
    return read.get() - before;
  }

  private interface Action {
    void run() throws IOException;
  }

  /** 1,000 shards of 4 records of 40 kB: an image of which all but the beginning is zero. */
  private ShardSet manyShards() throws IOException {
    byte[] image = IMAGE.concat(ByteString.copyFrom(new byte[40_000])).toByteArray();
    List<Path> paths = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      List<Sample> samples = new ArrayList<>();
      for (int i = 0; i < RECORDS; i++) {
        samples.add(
            Sample.ImageText.of(
                "k%d-%d".formatted(shard, i), image, List.of("a text", "another of " + i)));
      }
      paths.add(TestShards.write(folder.resolve("%04d.tfrecord".formatted(shard)), samples));
    }
    return ShardSet.of(paths);
  }

  @Test
  void startAndResumeReadNothingThatIsNotTrainedOnButOneBlock() throws IOException {
    ShardSet shards = manyShards();
    SourceOptions source = counting();
    Path kept = folder.resolve("data.index");
    long whole = shards.bytes();

    long first = readBy(() -> open(shards, source, kept).save(kept));
    assertTrue(first <= SHARDS * RECORDS * 2048L, "the index is made of " + first + " bytes");
    assertTrue(first < whole / 25, first + " of " + whole);

    SamplePipeline.Options options = SamplePipeline.Options.of(3, BATCH).withMixed(64);
    long block = 64 * (whole / (SHARDS * RECORDS)) + 64 * 1024L;
    List<Batch<Sample.ImageText>> unbroken = new ArrayList<>();
    long again = readBy(() -> open(shards, source, kept));
    assertEquals(0, again, "shards are not opened to start once more");
    SamplePipeline<Sample.ImageText> pipeline =
        new SamplePipeline<>(SampleKind.IMAGE_TEXT, open(shards, source, kept), source, options);
    long one = readBy(() -> unbroken.addAll(taken(pipeline, SamplePipeline.Cursor.START, 1)));
    assertTrue(one <= block, one + " bytes for the first batch, a block has " + block);
    unbroken.clear();
    long epoch = readBy(() -> unbroken.addAll(taken(pipeline, SamplePipeline.Cursor.START, 1000)));
    assertTrue(epoch <= whole * 1.05, "each record is read once an epoch: " + epoch);

    Random random = new Random(1);
    for (int i = 0; i < 10; i++) {
      int at = random.nextInt(990);
      List<Batch<Sample.ImageText>> resumed = new ArrayList<>();
      long bytes =
          readBy(
              () -> {
                DataIndex index = open(shards, source, kept);
                resumed.addAll(
                    taken(
                        new SamplePipeline<>(SampleKind.IMAGE_TEXT, index, source, options),
                        SamplePipeline.Cursor.parse(unbroken.get(at).end().encode()),
                        2));
              });
      assertEquals(unbroken.subList(at + 1, at + 3), resumed);
      assertTrue(bytes <= 2 * block, bytes + " bytes to resume at " + at);
    }
  }

  /** Without the thread that works ahead, so that no more is read than asked for. */
  private static List<Batch<Sample.ImageText>> taken(
      SamplePipeline<Sample.ImageText> pipeline, SamplePipeline.Cursor from, int count)
      throws IOException {
    List<Batch<Sample.ImageText>> batches = new ArrayList<>();
    try (SamplePipeline<Sample.ImageText>.Batches stream = pipeline.stream(from)) {
      for (int i = 0; i < count; i++) {
        batches.add(stream.next());
      }
    }
    return batches;
  }

  private static DataIndex open(ShardSet shards, SourceOptions source, Path kept)
      throws IOException {
    return DataIndex.open(
        Mixture.of(shards), SampleKind.IMAGE_TEXT, source, Optional.of(kept), done -> {});
  }

  @Test
  void onlyShardsThatChangedAreReadAgain() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5, 6, 7);
    SourceOptions source = counting();
    Path kept = folder.resolve("data.index");
    DataIndex first = open(shards, source, kept);
    first.save(kept);
    assertEquals(3, opened.get());
    assertEquals(first.fingerprint(), open(shards, source, kept).fingerprint());
    assertEquals(3, opened.get());

    Path touched = shards.paths().get(1);
    Files.setLastModifiedTime(touched, FileTime.fromMillis(1_000_000));
    assertEquals(first.fingerprint(), open(shards, source, kept).fingerprint());
    assertEquals(4, opened.get());
    TestShards.write(
        touched, List.of(Sample.ImageText.of("new", IMAGE.toByteArray(), List.of("a", "b"))));
    DataIndex changed = open(shards, source, kept);
    assertEquals(5, opened.get());
    assertNotEquals(first.fingerprint(), changed.fingerprint());
    assertEquals(List.of(touched + " was changed"), changed.changed());
  }

  @Test
  void aDamagedIndexIsMadeAnew() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5, 6);
    Path kept = folder.resolve("data.index");
    DataIndex first = open(shards, SourceOptions.strict(), kept);
    first.save(kept);
    byte[] bytes = Files.readAllBytes(kept);
    for (int at = 0; at < bytes.length; at += 7) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 16;
      Files.write(kept, damaged);
      assertEquals(first.fingerprint(), open(shards, SourceOptions.strict(), kept).fingerprint());
    }
    Files.writeString(kept, "not an index");
    assertEquals(first.items(), open(shards, SourceOptions.strict(), kept).items());
  }

  @Test
  void movedDataAreTheSameAndRenamedOnesAreNot() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 3, 4);
    String before = fingerprint(shards);
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    List<Path> moved = new ArrayList<>();
    for (Path shard : shards.paths()) {
      moved.add(Files.move(shard, elsewhere.resolve(shard.getFileName())));
    }
    assertEquals(before, fingerprint(ShardSet.of(moved)));
    Path renamed = Files.move(moved.get(0), elsewhere.resolve("other.tfrecord"));
    assertNotEquals(before, fingerprint(ShardSet.of(List.of(renamed, moved.get(1)))));
  }

  private static String fingerprint(ShardSet shards) throws IOException {
    return DataIndex.of(Mixture.of(shards), SampleKind.IMAGE_TEXT, SourceOptions.strict())
        .fingerprint();
  }

  @Test
  void outlinesCountWhatTheCodecReads() throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    List<Sample> samples =
        List.of(
            Sample.ImageText.of("k", IMAGE.toByteArray(), List.of("a", "", "c")),
            Sample.ImageText.of("k", IMAGE.toByteArray(), List.of()),
            Sample.ImageText.of("k", new byte[100_000], List.of("ä".repeat(3000)))
                .withColumns(Columns.NONE.withFloats("f", 1, 2).withLongs("n", 1, 2, 300))
                .withColumns(
                    Columns.NONE.withText("exif", "{}").withTexts("zz", List.of("", "1"))));
    for (Sample sample : samples) {
      byte[] record = codec.encode(sample);
      ExampleOutline outline = ExampleOutline.read(new ByteArrayInputStream(record));
      assertEquals(
          SampleKind.IMAGE_TEXT.items(record, codec, "").size(),
          SampleKind.IMAGE_TEXT.count(outline, codec.aliases()));
      assertTrue(outline.has("key"));
      assertFalse(outline.has("none"));
    }
  }

  @Test
  void outlinesOfAnythingAreReadOrRefused() throws IOException {
    byte[] whole =
        ExampleCodec.standard()
            .encode(Sample.ImageText.of("k", IMAGE.toByteArray(), List.of("a", "b")));
    Random random = new Random(2);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = whole.clone();
      for (int n = 0; n < 1 + i % 3; n++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try (InputStream in = ByteStreams.limit(new ByteArrayInputStream(damaged), 1 << 20)) {
        ExampleOutline.read(in);
      } catch (IOException e) {
        refused++;
      }
    }
    assertTrue(refused > 1000, refused + " refused");
    assertEquals(
        1,
        take(
                TestShards.pipeline(
                    TestShards.write(folder, IMAGE, 3),
                    SourceOptions.strict(),
                    SamplePipeline.Options.of(1, 2)),
                SamplePipeline.Cursor.START,
                1)
            .size());
  }
}
