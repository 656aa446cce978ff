package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;
import org.blip4j.data.file.MaskedCrc;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand shards with random damage: every record that can be read is used, the rest is told.
 */
class DamagedShardsTest {
  private static final int SHARDS = 1000;
  private static final int RECORDS = 6;
  private static final int HEADER = 12;
  private static final int BILLIONS = 2_000_000_000;

  @TempDir private Path folder;
  private final Random random = new Random(11);

  /**
   * A shard with what can be read of it.
   *
   * @param good numbers of the records that can be read
   * @param places offsets of the records of which damage must be told
   */
  private record Expected(String name, List<Integer> good, List<Long> places) {}

  private static byte[] record(int shard, int number) {
    String key = "s%d-%d".formatted(shard, number);
    byte[] image = CapFiltData.image(key).toByteArray();
    return ExampleCodec.standard()
        .encode(Sample.ImageText.of(key, image, ImmutableList.of("text " + key)));
  }

  private Expected write(int shard) throws IOException {
    String name = "web-%05d-of-%05d".formatted(shard, SHARDS);
    Path file = folder.resolve("in").resolve(name + ".tfrecord");
    List<Integer> starts = new ArrayList<>();
    int end = 0;
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < RECORDS; i++) {
        byte[] data = record(shard, i);
        starts.add(end);
        end += HEADER + data.length + 4;
        writer.write(data);
      }
      writer.commit();
    }
    byte[] bytes = Files.readAllBytes(file);
    TreeSet<Integer> lost = new TreeSet<>();
    TreeSet<Long> told = new TreeSet<>();
    int from = RECORDS; // all from here on are lost
    boolean gzip = false;
    switch (shard % 6) {
      case 0 -> { // bits of data or of their checksums
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
          int number = random.nextInt(RECORDS);
          int length = (number + 1 < RECORDS ? starts.get(number + 1) : end) - starts.get(number);
          if (lost.add(number)) { // a bit that is flipped twice is whole again
            bytes[starts.get(number) + HEADER + random.nextInt(length - HEADER)] ^=
                (byte) (1 << random.nextInt(8));
            told.add((long) starts.get(number));
          }
        }
      }
      case 1 -> { // a bit of a length or of its checksum
        from = random.nextInt(RECORDS);
        bytes[starts.get(from) + random.nextInt(HEADER)] ^= (byte) (1 << random.nextInt(8));
      }
      case 2 -> { // cut
        int cut = random.nextInt(bytes.length);
        bytes = Arrays.copyOf(bytes, cut);
        from = (int) starts.stream().filter(start -> start <= cut).count() - 1;
        if (starts.get(from) == cut) { // between two records: nothing is missing that one could see
          starts.set(from, -1);
        }
      }
      case 3 -> { // two thousand million bytes, with a right checksum
        from = random.nextInt(RECORDS);
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        length.putLong(BILLIONS + random.nextInt(100));
        System.arraycopy(length.array(), 0, bytes, starts.get(from), 8);
        ByteBuffer.wrap(bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(starts.get(from) + 8, MaskedCrc.of(length.array(), 0, 8));
      }
      case 4 -> { // something else behind the last record
        bytes = Arrays.copyOf(bytes, bytes.length + HEADER + random.nextInt(40));
        Arrays.fill(bytes, end, bytes.length, (byte) 0xa5);
        starts.add(end);
      }
      default -> { // compressed and whole, under a plain name
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
          out.write(bytes);
        }
        bytes = zipped.toByteArray();
        gzip = true;
      }
    }
    if (!gzip && from < starts.size() && starts.get(from) >= 0) {
      told.add((long) starts.get(from));
    }
    Files.write(file, bytes);
    List<Integer> good = new ArrayList<>();
    for (int i = 0; i < from; i++) {
      if (!lost.contains(i)) {
        good.add(i);
      }
    }
    return new Expected(name, good, List.copyOf(told));
  }

  @Test
  @Tag("slow")
  void everyReadableRecordIsUsedAndTheRestIsTold() throws IOException {
    Files.createDirectories(folder.resolve("in"));
    List<Expected> all = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      all.add(write(shard));
    }
    CapFiltFolder out = new CapFiltFolder(folder.resolve("out"));
    CliRun run =
        assertTimeoutPreemptively(
            Duration.ofMinutes(8),
            () ->
                CliRun.of(
                    "capfilt",
                    "--texts",
                    "web",
                    "--no-filter",
                    "--json",
                    "--quiet",
                    "--data",
                    folder.resolve("in").toString(),
                    "--out",
                    out.path().toString()));
    assertEquals(1, run.status(), "some records are unreadable");
    assertTrue(out.isFinished());
    long good = 0;
    long told = 0;
    for (Expected one : all) {
      List<Integer> read = new ArrayList<>();
      for (Sample.ImageText sample : CapFiltData.read(out.shard(one.name()))) {
        String key = sample.key();
        read.add(Integer.valueOf(key.substring(key.indexOf('-') + 1)));
        assertEquals(CapFiltData.image(key), sample.image());
      }
      assertEquals(one.good(), read, one.name());
      List<String> reasons = new ArrayList<>();
      for (String line : Files.readAllLines(out.scores(one.name()))) {
        ScoreLine scores = ScoreLine.parse(line, one.name());
        if (!scores.readable()) {
          reasons.add(scores.reason());
        }
      }
      assertEquals(one.places().size(), reasons.size(), one + ": " + reasons);
      for (int i = 0; i < reasons.size(); i++) {
        String place = "record at byte %d:".formatted(one.places().get(i));
        assertTrue(reasons.get(i).startsWith(place), one + ": " + reasons);
        String first = one.name() + ": " + one.name() + "#";
        assertTrue(run.err().contains(first), "on standard error, too");
      }
      good += read.size();
      told += reasons.size();
    }
    assertTrue(run.out().contains("\"unreadable\":" + told), run.out());
    assertTrue(good > SHARDS * RECORDS / 2 && told > SHARDS / 2, good + " and " + told);
  }
}
