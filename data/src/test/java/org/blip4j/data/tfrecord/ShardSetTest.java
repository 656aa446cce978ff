package org.blip4j.data.tfrecord;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShardSetTest {
  @TempDir Path folder;

  @BeforeEach
  void makeShards() throws IOException {
    for (String name :
        List.of(
            "00001.tfrecord",
            "00000.tfrecord",
            "web.tfrecord.gz",
            "coco-00001-of-00002",
            "coco-00000-of-00002",
            ".hidden.tfrecord",
            "notes.txt")) {
      Files.createFile(folder.resolve(name));
    }
    Files.createDirectories(folder.resolve("deep/er"));
    Files.createFile(folder.resolve("deep/er/x.tfrecord"));
  }

  @Test
  void folderYieldsItsShardsByName() throws IOException {
    assertEquals(
        List.of(
            "00000.tfrecord",
            "00001.tfrecord",
            "coco-00000-of-00002",
            "coco-00001-of-00002",
            "web.tfrecord.gz"),
        find(folder.toString()));
  }

  @Test
  void globsReachAnyNameAndDepth() throws IOException {
    assertEquals(List.of("00000.tfrecord", "00001.tfrecord"), find(folder + "/0*.tfrecord"));
    assertEquals(List.of("deep/er/x.tfrecord"), find(folder + "/**/x.tfrecord"));
    assertEquals(List.of("deep/er/x.tfrecord"), find(folder + "/d*/er/*"));
    assertEquals(
        List.of("00000.tfrecord", "web.tfrecord.gz"),
        find(folder + "/{00000.tfrecord,web.tfrecord.gz}"));
  }

  @Test
  void patternsKeepTheirOrderAndFilesCountOnce() throws IOException {
    assertEquals(
        List.of("web.tfrecord.gz", "00000.tfrecord", "00001.tfrecord"),
        find(folder + "/web.tfrecord.gz", folder + "/*.tfrecord", folder + "/00001.tfrecord"));
  }

  @Test
  void countedNamesAreListed() throws IOException {
    assertEquals(List.of("coco-00000-of-00002", "coco-00001-of-00002"), find(folder + "/coco@2"));
    assertMessage("/coco@3: there is no ", folder + "/coco@3");
  }

  @Test
  void missingShardsOfASetAreNamed() throws IOException {
    Files.delete(folder.resolve("coco-00001-of-00002"));
    String missing = "1 of 2 shards are missing: " + folder.resolve("coco-00001-of-00002");
    assertMessage(missing, folder.toString());
    assertMessage(missing, folder + "/coco-*");
    assertMessage(missing, folder + "/coco@2");
    assertEquals(List.of("coco-00000-of-00002"), find(folder + "/coco-00000-of-00002"));
  }

  @Test
  void whatMatchesNothingIsNamed() throws IOException {
    Files.createDirectories(folder.resolve("bare"));
    assertMessage("the folder has no shards", folder + "/bare");
    assertMessage("the glob matches no file", folder + "/zzz*");
    assertMessage("there is no such shard", folder + "/zzz.tfrecord");
    assertMessage("there is no folder", folder + "/none/*.tfrecord");
    assertThrows(IllegalArgumentException.class, () -> ShardSet.find(List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.tfrec",
        "a.TFREC",
        "a.tfr",
        "train.record",
        "a.records",
        "a.tfrecords",
        "a.TFRecord",
        "a.tfrec.gz",
        "a.record.zlib",
        "a.tfrecord.GZ",
        "train.record-00000-of-00001",
        "train00-4.tfrec"
      })
  void usualEndingsAreShards(String name) throws IOException {
    Path place = Files.createDirectories(folder.resolve("endings"));
    Files.createFile(place.resolve(name));
    Files.createFile(place.resolve("a.txt"));
    assertEquals(List.of("endings/" + name), find(place.toString()));
    assertFalse(ShardSet.ShardName.withoutEnding("a.tfrec").contains("."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jpg", ".tfrecord", ".a.tfrec", "recorder", "a.record.txt", "tfrec"})
  void otherNamesAreNone(String name) {
    assertFalse(ShardSet.ShardName.looksLikeShard(name));
  }

  @Test
  void aFolderIsReadByContentIfNoNameSaysSo() throws IOException {
    Path place = Files.createDirectories(folder.resolve("odd"));
    for (String name : List.of("part-1", "part-2.bin")) {
      try (TfRecordWriter writer =
          TfRecordWriter.create(place.resolve(name), TfRecordWriter.Options.plain())) {
        writer.write(new byte[] {1});
        writer.commit();
      }
    }
    Files.writeString(place.resolve("part-0"), "a text that is long enough");
    assertEquals(List.of("odd/part-1", "odd/part-2.bin"), find(place.toString()));
  }

  @Test
  @Timeout(5)
  void claimsAboutCountsCostNothing() throws IOException {
    Path place = Files.createDirectories(folder.resolve("claims"));
    for (int i = 0; i < 3; i++) {
      Files.createFile(place.resolve("a-0000%d-of-999999999.tfrecord".formatted(i)));
    }
    String missing = "999999996 of 999999999 shards are missing: " + place;
    assertMessage(missing, place.toString());
    assertMessage(missing, place + "/*.tfrecord");
    assertMessage(missing, place + "/a@999999999");
    assertMessage("there is no", place + "/b@999999999");
  }

  @Test
  void namesAreAsLongAsTheyMustBe() {
    ShardSet set =
        ShardSet.of(
            Stream.of("/x/web/0.tfrecord", "/x/own/0.tfrecord", "/y/own/0.tfrecord", "/x/1")
                .map(Path::of)
                .toList());
    assertEquals(
        List.of("web/0.tfrecord", "x/own/0.tfrecord", "y/own/0.tfrecord", "1"), set.names());
    assertEquals(List.of("a", "a"), ShardSet.of(List.of(Path.of("/a"), Path.of("/a"))).names());
  }

  @Test
  void slicesAreDisjointAndWhole() {
    ShardSet set = ShardSet.of(List.of(Path.of("a"), Path.of("b"), Path.of("c")));
    assertEquals(List.of(Path.of("a"), Path.of("c")), set.slice(0, 2).paths());
    assertEquals(List.of(Path.of("b")), set.slice(1, 2).paths());
    assertEquals(List.of(Path.of("b"), Path.of("c")), set.range(1, 2).paths());
    assertThrows(IllegalArgumentException.class, () -> set.slice(2, 2));
    assertThrows(IllegalArgumentException.class, () -> set.slice(3, 4));
    assertThrows(IllegalArgumentException.class, () -> set.range(1, 3));
  }

  @Test
  void shardNamesAreTakenApart() {
    ShardSet.ShardName name =
        ShardSet.ShardName.parse("coco-train-00003-of-00256.tfrecord.gz").orElseThrow();
    assertEquals(new ShardSet.ShardName("coco-train", 3, 256, ".tfrecord.gz"), name);
    assertEquals("coco-train-00255-of-00256.tfrecord.gz", name.withIndex(255).fileName());
    assertTrue(ShardSet.ShardName.parse("coco-00256-of-00256").isEmpty());
    assertTrue(ShardSet.ShardName.parse("00000.tfrecord").isEmpty());
    assertThrows(IllegalArgumentException.class, () -> name.withIndex(256));
  }

  private List<String> find(String... patterns) throws IOException {
    return ShardSet.find(List.of(patterns)).paths().stream()
        .map(p -> folder.relativize(p).toString())
        .toList();
  }

  private static void assertMessage(String part, String pattern) {
    IOException e = assertThrows(IOException.class, () -> ShardSet.find(List.of(pattern)));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
