package org.blip4j.data.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.sample.TestImages;
import org.blip4j.data.tfrecord.ShardSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SampleSourceTest {
  private static final ByteString IMAGE = TestImages.image("jpg", 4, 4);

  @TempDir Path folder;

  @Test
  void samplesComeInOrderWithTheirPlaces() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 2, 0, 1);
    List<SampleSource.Located> samples = read(shards, SourceOptions.strict());
    assertEquals(List.of("k0", "k1", "k2"), samples.stream().map(s -> s.sample().key()).toList());
    assertEquals(1, samples.get(1).index());
    assertEquals(0, samples.get(2).index());
    assertTrue(samples.get(1).offset() > 0);
    assertEquals(shards.paths().get(2), samples.get(2).shard());
  }

  @Test
  void aPartOfAShardIsReadAsItIsWithinTheWhole() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5);
    Path shard = shards.paths().get(0);
    List<SampleSource.Located> all = read(shards, SourceOptions.strict());
    SampleSource.Range range = new SampleSource.Range(all.get(2).offset(), 2, 4);
    List<SampleSource.Located> part = new ArrayList<>();
    try (SampleSource source = SampleSource.open(shard, range, SourceOptions.strict())) {
      for (var next = source.next(); next.isPresent(); next = source.next()) {
        part.add(next.get());
      }
    }
    assertEquals(all.subList(2, 4), part);
  }

  @Test
  void undecodableImagesAreNamedWithShardAndOffset() throws IOException {
    byte[] cut = Arrays.copyOf(IMAGE.toByteArray(), 300);
    Path shard =
        TestShards.write(
            folder.resolve("a.tfrecord"),
            List.of(
                Sample.ImageText.of("whole", IMAGE.toByteArray(), List.of("a")),
                Sample.ImageText.of("cut", cut, List.of("b")),
                Sample.ImageText.of("text", new byte[] {65, 66}, List.of("c")),
                Sample.ImageText.of("last", IMAGE.toByteArray(), List.of("d"))));
    ShardSet shards = ShardSet.of(List.of(shard));
    SampleException e =
        assertThrows(SampleException.class, () -> read(shards, SourceOptions.strict()));
    assertTrue(e.getMessage().startsWith(shard + ": record at byte "), e.getMessage());
    assertTrue(e.getMessage().contains("sample \"cut\": JPEG image of 300 bytes"), e.getMessage());
    List<SourceOptions.DamagePolicy.Damaged> told = new ArrayList<>();
    SourceOptions skip =
        SourceOptions.strict().withDamage(SourceOptions.DamagePolicy.skip(told::add));
    assertEquals(
        List.of("whole", "last"), read(shards, skip).stream().map(s -> s.sample().key()).toList());
    assertEquals(2, told.size());
    assertTrue(told.get(1).reason().contains("sample \"text\": not an image"));
    assertFalse(told.get(1).restLost());
    assertEquals(4, read(shards, SourceOptions.strict().withCheckImages(false)).size());
  }

  @Test
  void aCutShardLosesItsRestAndSaysSo() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 3, 2);
    Path first = shards.paths().get(0);
    byte[] bytes = Files.readAllBytes(first);
    Files.write(first, Arrays.copyOf(bytes, bytes.length - 10));
    List<SourceOptions.DamagePolicy.Damaged> told = new ArrayList<>();
    SourceOptions skip =
        SourceOptions.strict().withDamage(SourceOptions.DamagePolicy.skip(told::add));
    assertEquals(4, read(shards, skip).size());
    assertEquals(1, told.size());
    assertTrue(told.get(0).restLost());
  }

  private static List<SampleSource.Located> read(ShardSet shards, SourceOptions options)
      throws IOException {
    List<SampleSource.Located> samples = new ArrayList<>();
    try (SampleSource source = SampleSource.open(shards, options)) {
      for (Optional<SampleSource.Located> s = source.next(); s.isPresent(); s = source.next()) {
        samples.add(s.get());
      }
    }
    return samples;
  }
}
