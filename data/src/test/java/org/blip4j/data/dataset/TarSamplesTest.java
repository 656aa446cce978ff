package org.blip4j.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.Resources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.blip4j.data.sample.Sample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarSamplesTest {
  @TempDir private Path folder;

  /** Written by img2dataset 1.47.0 with its standard output format. */
  private static byte[] real() throws IOException {
    return Resources.toByteArray(Resources.getResource("shards/img2dataset.tar"));
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static List<TarSamples.Read> read(Path tar) throws IOException {
    List<TarSamples.Read> all = new ArrayList<>();
    try (TarSamples samples = TarSamples.open(tar)) {
      for (var next = samples.next(); next.isPresent(); next = samples.next()) {
        all.add(next.get());
      }
    }
    return all;
  }

  @Test
  void readsWhatImg2datasetWrites() throws IOException {
    List<TarSamples.Read> read = read(write("00000.tar", real()));
    assertEquals(4, read.size());
    for (TarSamples.Read one : read) {
      Sample.ImageText sample = one.sample().orElseThrow();
      int number = Integer.parseInt(sample.key());
      String more = number == 2 ? ", with \"quotes\" and ümlaut" : "";
      assertEquals(List.of("a picture number " + number + more), sample.texts());
      assertEquals(List.of("48"), sample.columns().texts("original_width"));
      assertEquals("CC-BY", sample.columns().text("license").orElseThrow());
    }
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(real());
    }
    assertEquals(read, read(write("zipped.tar", zipped.toByteArray())));
  }

  @Test
  void whatCannotBeUsedIsToldAndTheRestIsRead() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      put(tar, "a/1.txt", "no image");
      put(tar, "a/2.jpg", "no image either");
      put(tar, "a/2.txt", "text");
      put(tar, "b/2.json", "{");
    }
    List<TarSamples.Read> read = read(write("t.tar", bytes.toByteArray()));
    assertEquals(List.of("a/1", "a/2", "b/2"), read.stream().map(TarSamples.Read::key).toList());
    assertTrue(read.get(0).problem().contains("has no image"), read.toString());
    assertTrue(read.get(1).problem().contains("not an image"), read.toString());
    assertTrue(read.get(2).sample().isEmpty());
    byte[] cut = Arrays.copyOf(real(), 2600);
    try (TarSamples samples = TarSamples.open(write("cut.tar", cut))) {
      assertThrows(IOException.class, () -> samples.next().ifPresent(one -> {}));
    }
  }

  private static void put(TarArchiveOutputStream tar, String name, String content)
      throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(bytes.length);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }
}
