package org.blip4j.data.sample;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shards and records with bytes changed, inserted and cut off by chance: each is read, or refused
 * in one line. {@code -Dblip.attacks=N} sets how many the slow tests try.
 */
final class RecordAttackTest {
  private static final int SHORT = 400;
  private static final int LONG = Integer.getInteger("blip.attacks", 20_000);

  @TempDir private Path folder;

  private static byte[] record() {
    return ExampleCodec.standard()
        .encode(
            Sample.ImageText.of("key", new byte[] {(byte) 0xff, (byte) 0xd8, 1}, List.of("a", "é"))
                .withColumns(Columns.builder().text("dialog", "[]").build()));
  }

  static byte[] mutated(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(bytes.length);
      bytes[at] = (byte) (random.nextBoolean() ? 0xff >> random.nextInt(8) : random.nextInt(256));
      if (random.nextInt(4) == 0) {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
        System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
        bytes = longer;
      }
    }
    return random.nextInt(10) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private interface Reads {
    void read(byte[] bytes) throws IOException;
  }

  private static void attack(byte[] whole, int rounds, Reads reads) {
    Random random = new Random(rounds);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      try {
        reads.read(mutated(whole, random));
      } catch (IOException e) {
        refused++;
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertFalse(e.getMessage().contains("java."), e.getMessage());
      } catch (RuntimeException | Error e) {
        fail("round " + round, e);
      }
    }
    assertTrue(refused > rounds / 20, refused + " of " + rounds + " were refused");
  }

  @Test
  void namesOfARecordStayOnTheLine() {
    byte[] whole = record();
    for (int i = 0; i + 3 < whole.length; i++) {
      if (whole[i] == 'i' && whole[i + 1] == 'm' && whole[i + 2] == 'a') {
        whole[i] = '\n';
      }
    }
    IOException e =
        assertThrows(IOException.class, () -> ExampleCodec.standard().decode(whole, "other"));
    assertTrue(e.getMessage().contains("its columns are ?mage, dialog, key, txt;"), e.getMessage());
  }

  private void records(int rounds) {
    attack(record(), rounds, bytes -> ExampleCodec.standard().decode(bytes, "other"));
  }

  private void shards(boolean gzip, int rounds) throws IOException {
    Path file = folder.resolve("whole");
    try (TfRecordWriter writer =
        TfRecordWriter.create(
            file, TfRecordWriter.Options.plain().withGzip(gzip).withOverwrite(true))) {
      writer.write(record());
      writer.write(new byte[0]);
      writer.write(record());
      writer.commit();
    }
    Path shard = folder.resolve("shard.tfrecord");
    attack(
        Files.readAllBytes(file),
        rounds,
        bytes -> {
          Files.write(shard, bytes);
          try (TfRecordReader reader = TfRecordReader.open(shard)) {
            Optional<byte[]> next;
            do {
              next = reader.next();
            } while (next.isPresent());
          }
        });
  }

  @Test
  void damagedRecordsAndShardsAreReadOrRefused() throws IOException {
    records(SHORT);
    shards(false, SHORT);
    shards(true, SHORT);
  }

  @Test
  @Tag("slow")
  void damagedRecordsAndShardsAreReadOrRefusedForLong() throws IOException {
    records(LONG);
    shards(false, LONG);
    shards(true, LONG);
  }
}
