package org.blip4j.data.tfrecord;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.blip4j.data.file.MaskedCrc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TfRecordTest {
  private static final TfRecordWriter.Options PLAIN = TfRecordWriter.Options.plain();

  @TempDir Path folder;

  @Test
  void framingIsTensorFlows() throws IOException {
    Path shard = write("a.tfrecord", PLAIN, "abc");
    assertEquals(
        "0300000000000000b099490e6162636e57f121", // computed bit by bit in Python
        HexFormat.of().formatHex(Files.readAllBytes(shard)));
    int crc = Hashing.crc32c().hashString("abc", StandardCharsets.UTF_8).asInt();
    int masked = ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    assertEquals(masked, MaskedCrc.of(new byte[] {97, 98, 99}, 0, 3));
  }

  @Test
  void compressionIsToldByContentNotByName() throws IOException {
    List<String> records = List.of("one", "", "three");
    Path plain = write("plain.tfrecord.gz", PLAIN, "one", "", "three");
    Path gzip = write("gzip.tfrecord", PLAIN.withGzip(true), "one", "", "three");
    Path zlib = folder.resolve("zlib");
    try (DeflaterOutputStream out = new DeflaterOutputStream(Files.newOutputStream(zlib))) {
      out.write(Files.readAllBytes(plain));
    }
    Path members = folder.resolve("members");
    byte[] twice = Files.readAllBytes(gzip);
    Files.write(members, ByteBuffer.allocate(2 * twice.length).put(twice).put(twice).array());
    assertEquals(records, read(plain));
    assertEquals(records, read(gzip));
    assertEquals(records, read(zlib));
    assertEquals(6, read(members).size());
  }

  @Test
  void plainRecordThatBeginsLikeZlibIsRead() throws IOException {
    Path shard = write("a", PLAIN, "x".repeat(0x9c78));
    assertEquals(0x78, Files.readAllBytes(shard)[0]);
    assertEquals(1, read(shard).size());
  }

  @Test
  void emptyShardsHaveNoRecords() throws IOException {
    assertEquals(List.of(), read(Files.createFile(folder.resolve("empty"))));
    assertEquals(List.of(), read(write("zero", PLAIN)));
    assertEquals(List.of(), read(write("zero.gz", PLAIN.withGzip(true))));
  }

  @Test
  void flippedBitInDataIsNamedAndPassedOver() throws IOException {
    Path shard = write("a", PLAIN, "one", "two", "three");
    flip(shard, 19 + 12);
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      assertTrue(reader.next().isPresent());
      TfRecordException e = assertThrows(TfRecordException.class, reader::next);
      assertEquals(TfRecordException.Damage.CORRUPT_DATA, e.damage());
      assertEquals(19, e.offset());
      assertTrue(e.getMessage().startsWith(shard + ": record at byte 19: "), e.getMessage());
      assertTrue(e.canContinue());
      assertEquals("three", text(reader.next()));
      assertTrue(reader.next().isEmpty());
    }
  }

  @Test
  void flippedBitInLengthEndsTheShard() throws IOException {
    Path shard = write("a", PLAIN, "one", "two");
    flip(shard, 19 + 5);
    TfRecordException e = assertThrows(TfRecordException.class, () -> read(shard));
    assertEquals(TfRecordException.Damage.CORRUPT_LENGTH, e.damage());
    assertEquals(19, e.offset());
    assertFalse(e.canContinue());
  }

  @Test
  void everyFlippedBitIsNoticed() throws IOException {
    byte[] whole = Files.readAllBytes(write("a", PLAIN, "one", "two"));
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] damaged = whole.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      Path shard = Files.write(folder.resolve("damaged"), damaged);
      TfRecordException e = assertThrows(TfRecordException.class, () -> read(shard));
      assertEquals(bit < 8 * 19 ? 0 : 19, e.offset());
    }
  }

  @Test
  void lengthsAreNotBelievedBeyondLimitAndFile() throws IOException {
    assertDamage(TfRecordException.Damage.TOO_LONG, header(1L << 60), "1152921504606846976");
    assertDamage(TfRecordException.Damage.TOO_LONG, header(-1), "18446744073709551615");
    assertDamage(TfRecordException.Damage.TRUNCATED, header(200L << 20), "needs 209715200");
    byte[] wrongSum = header(1L << 60);
    wrongSum[9]++;
    assertDamage(TfRecordException.Damage.CORRUPT_LENGTH, wrongSum, "not a TFRecord file");
    Path zipped = folder.resolve("claims.gz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write(header(200L << 20));
    }
    TfRecordException e = assertThrows(TfRecordException.class, () -> read(zipped));
    assertTrue(e.getMessage().contains("byte 0 of the uncompressed stream (gzip)"));
    assertThrows(IllegalArgumentException.class, () -> TfRecordReader.open(zipped, 0));
    Path small = write("small", PLAIN, "0123456789");
    try (TfRecordReader reader = TfRecordReader.open(small, 9)) {
      assertThrows(TfRecordException.class, reader::next);
    }
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] whole = Files.readAllBytes(write("a", PLAIN, "one", "two"));
    for (int length = 0; length < whole.length; length++) {
      if (length == 0 || length == 19) {
        continue;
      }
      Path shard = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, length));
      TfRecordException e = assertThrows(TfRecordException.class, () -> read(shard));
      assertEquals(TfRecordException.Damage.TRUNCATED, e.damage());
      assertEquals(length < 19 ? 0 : 19, e.offset());
      TfRecordException skipped = assertThrows(TfRecordException.class, () -> skipAll(shard));
      assertEquals(e.offset(), skipped.offset());
    }
  }

  @Test
  void damagedCompressionIsNamed() throws IOException {
    Path good = write("a", PLAIN.withGzip(true), "one", "two");
    byte[] whole = Files.readAllBytes(good);
    for (int length = 3; length < whole.length; length++) {
      Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(whole, length));
      TfRecordException e = assertThrows(TfRecordException.class, () -> read(cut));
      assertTrue(e.getMessage().contains("gzip"), e.getMessage());
      assertThrows(TfRecordException.class, () -> skipAll(cut));
    }
    Path garbage = folder.resolve("garbage");
    Files.write(garbage, HexFormat.of().parseHex("1f8b0800000000000003ffffffffffffffffff"));
    TfRecordException e = assertThrows(TfRecordException.class, () -> read(garbage));
    assertEquals(TfRecordException.Damage.COMPRESSION, e.damage());
  }

  @Test
  void skippingCountsWithoutReading() throws IOException {
    assertEquals(3, skipAll(write("a", PLAIN, "one", "", "three")));
    assertEquals(3, skipAll(write("b", PLAIN.withGzip(true), "one", "", "three")));
  }

  @Test
  void anyRecordCanBeGoneToAndLookedAtInPart() throws IOException {
    for (boolean gzip : new boolean[] {false, true}) {
      Path shard =
          write("seek" + gzip, PLAIN.withGzip(gzip), "one", "three", "", "x".repeat(70000));
      try (TfRecordReader reader =
          TfRecordReader.open(shard, TfRecordReader.Access.standard().sparing())) {
        assertEquals(!gzip, reader.isPlain());
        reader.seek(19);
        assertEquals("three", text(reader.next()));
        assertEquals(19, reader.offset());
        reader.seek(reader.position());
        assertEquals(-1, reader.peek().orElseThrow().read());
        assertEquals('x', reader.peek().orElseThrow().read());
        assertTrue(reader.peek().isEmpty());
        if (gzip) {
          assertThrows(IllegalArgumentException.class, () -> reader.seek(0));
        } else {
          reader.seek(0);
          assertEquals("one", text(reader.next()));
        }
      }
    }
  }

  @Test
  void writerNeverLeavesHalfAShard() throws IOException {
    Path shard = write("a", PLAIN, "one");
    IOException e = assertThrows(IOException.class, () -> TfRecordWriter.create(shard, PLAIN));
    assertTrue(e.getMessage().contains("exists already"), e.getMessage());
    try (TfRecordWriter writer = TfRecordWriter.create(shard, PLAIN.withOverwrite(true))) {
      writer.write(new byte[10]);
    }
    assertEquals(List.of("one"), read(shard));
    write("a", PLAIN.withOverwrite(true), "two");
    assertEquals(List.of("two"), read(shard));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void missingShardIsNamed() {
    Path none = folder.resolve("none");
    IOException e = assertThrows(IOException.class, () -> TfRecordReader.open(none));
    assertEquals(none + ": there is no such shard; check the name", e.getMessage());
    assertThrows(IOException.class, () -> TfRecordReader.open(folder));
  }

  private void assertDamage(TfRecordException.Damage damage, byte[] bytes, String part)
      throws IOException {
    Path shard = Files.write(folder.resolve("claims"), bytes);
    TfRecordException e = assertThrows(TfRecordException.class, () -> read(shard));
    assertEquals(damage, e.damage());
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertThrows(TfRecordException.class, () -> skipAll(shard));
  }

  private static byte[] header(long length) {
    ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    return header.putInt(MaskedCrc.of(header.array(), 0, 8)).array();
  }

  private Path write(String name, TfRecordWriter.Options options, String... records)
      throws IOException {
    Path shard = folder.resolve(name);
    try (TfRecordWriter writer = TfRecordWriter.create(shard, options)) {
      for (String record : records) {
        writer.write(record.getBytes(StandardCharsets.UTF_8));
      }
      writer.commit();
    }
    return shard;
  }

  private static List<String> read(Path shard) throws IOException {
    List<String> records = new ArrayList<>();
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      for (Optional<byte[]> r = reader.next(); r.isPresent(); r = reader.next()) {
        records.add(text(r));
      }
    }
    return records;
  }

  private static int skipAll(Path shard) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      int count = 0;
      while (reader.skip()) {
        count++;
      }
      return count;
    }
  }

  private static String text(Optional<byte[]> record) {
    return new String(record.orElseThrow(), StandardCharsets.UTF_8);
  }

  private static void flip(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 4;
    Files.write(file, bytes);
  }
}
