package org.blip4j.tools.records;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecordsCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  /** As img2dataset's standard output: a shard of each tar, and what is damaged is named. */
  @Test
  void tarsOfWebDatasetArePacked() throws IOException {
    PhotoFolder.draw(folder.resolve("in"), "a.jpg", "b.png");
    Path tars = Files.createDirectory(folder.resolve("tars"));
    for (String name : List.of("a.jpg", "b.png")) {
      try (TarArchiveOutputStream tar =
          new TarArchiveOutputStream(
              Files.newOutputStream(tars.resolve("0000" + name.charAt(0) + ".tar")))) {
        put(tar, "1" + name.substring(1), Files.readAllBytes(folder.resolve("in").resolve(name)));
        put(tar, "1.txt", ("text of " + name).getBytes(UTF_8));
        put(tar, "1.json", "{\"url\": \"u\", \"width\": 10, \"exif\": {}}".getBytes(UTF_8));
      }
    }
    Files.writeString(tars.resolve("00000_stats.json"), "{}");
    String out = folder.resolve("out").toString();
    CliRun packed = run(0, "records", "pack", tars.toString(), "--out", out, "--name", "web");
    assertEquals(2, json(packed, 0).get("images").asInt());
    assertEquals(2, json(packed, 0).get("texts").asInt());
    assertEquals(List.of("web-00000-of-00002.tfrecord", "web-00001-of-00002.tfrecord"), names(out));
    JsonNode first = json(run(0, "records", "show", out), 0);
    assertEquals("1", first.get("key").asText());
    assertEquals("[\"text of a.jpg\"]", first.get("texts").toString());
    assertEquals("JPEG", first.at("/columns/jpg/format").asText());

    byte[] whole = Files.readAllBytes(tars.resolve("0000b.tar"));
    Files.write(tars.resolve("0000b.tar"), Arrays.copyOf(whole, 540));
    CliRun cut =
        run(1, "records", "pack", tars.toString(), "--out", out, "--name", "web", "--overwrite");
    assertEquals(1, json(cut, 0).get("images").asInt());
    assertTrue(cut.err().contains("0000b.tar: what follows cannot be read"), cut.err());
    run(2, "records", "pack", tars.toString(), "--out", out, "--name", "y", "--shards", "5");
  }

  private static void put(TarArchiveOutputStream tar, String name, byte[] bytes)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(bytes.length);
    tar.putArchiveEntry(entry);
    tar.write(bytes);
    tar.closeArchiveEntry();
  }

  @Test
  void packedShardsAreShownCountedAndJoined() throws IOException {
    PhotoFolder.draw(folder.resolve("in"), "a.jpg", "b.png", "sub/c.jpg")
        .with(
            "captions.json",
            "{\"a.jpg\": [\"one\", \"two\"], \"b.png\": \"three\", \"c.jpg\": \"four\"}");
    String out = folder.resolve("out").toString();
    CliRun packed =
        run(0, "records", "pack", folder + "/in", "--out", out, "--name", "x", "--shards", "2");
    assertEquals(3, json(packed, 0).get("images").asInt());
    assertEquals(4, json(packed, 0).get("texts").asInt());
    assertEquals(List.of("x-00000-of-00002.tfrecord", "x-00001-of-00002.tfrecord"), names(out));

    CliRun shown = run(0, "records", "show", out, "--limit", "2");
    assertEquals(2, shown.lines().size());
    JsonNode first = json(shown, 0);
    assertEquals("a", first.get("key").asText());
    assertEquals("[\"one\",\"two\"]", first.get("texts").toString());
    assertEquals("JPEG", first.at("/columns/jpg/format").asText());
    assertEquals(10, first.at("/columns/width").asInt());
    assertTrue(json(shown, 1).at("/columns/png/bytes").asInt() > 0);

    CliRun counted = run(0, "records", "count", out);
    assertEquals("{\"shards\":2,\"records\":3,\"texts\":4}", counted.lines().get(2));
    CliRun quick = run(0, "records", "count", out, "--records-only");
    assertEquals("{\"shards\":2,\"records\":3}", quick.lines().get(2));

    String joined = folder.resolve("all.tfrecord.gz").toString();
    run(0, "records", "cat", out + "/x@2", "--out", joined, "--gzip");
    assertEquals(3, json(run(0, "records", "count", joined), 0).get("records").asInt());
    assertError("exists already", "records", "cat", out, "--out", joined);
    run(0, "records", "cat", out, "--out", joined, "--overwrite");
    assertEquals(0, run(0, "records", "verify", out, joined).err().length());
  }

  @Test
  void statementsArePackedWithBothImages() throws IOException {
    PhotoFolder photos = PhotoFolder.draw(folder.resolve("in"), "a.png", "b.jpg", "bad.jpg");
    Files.writeString(photos.path().resolve("bad.jpg"), "no image");
    photos.with(
        "captions.csv",
        "left,right,statement,label",
        "a.png,b.jpg,two dots,true",
        "a.png,bad.jpg,no dot,false");
    CliRun packed = run(1, "records", "pack", folder + "/in", "--out", folder + "/out");
    assertTrue(packed.err().contains("bad.jpg: not an image"), packed.err());
    assertEquals(2, json(packed, 0).get("images").asInt());
    assertEquals(1, json(packed, 0).get("texts").asInt());
    JsonNode shown = json(run(0, "records", "show", folder + "/out"), 0).get("columns");
    assertEquals("PNG", shown.at("/left/format").asText(), shown.toString());
    assertEquals("JPEG", shown.at("/right/format").asText());
    assertEquals("two dots", shown.get("statement").asText());
    assertEquals(1, shown.get("label").asInt());
    assertEquals(0, run(0, "records", "verify", folder + "/out").err().length());
  }

  @Test
  void resultsForPeopleNameEveryColumn() throws IOException {
    PhotoFolder.draw(folder, "a.jpg").with("captions.csv", "image,caption", "a.jpg,a dog");
    CliRun.of("records", "pack", folder.toString(), "--out", folder + "/out");
    CliRun shown = CliRun.of("records", "show", folder + "/out");
    assertTrue(shown.out().contains("JPEG, 10 x 8, "), shown.out());
    assertTrue(shown.out().contains("txt                  a dog"), shown.out());
    assertTrue(CliRun.of("records", "count", folder + "/out").out().contains("1 records"));
  }

  @Test
  void badRecordsAreNamedWithShardAndOffset() throws IOException {
    PhotoFolder.draw(folder.resolve("in"), "a.jpg", "b.jpg", "c.jpg")
        .with("captions.csv", "a.jpg,one", "b.jpg,two", "c.jpg,three");
    run(0, "records", "pack", folder + "/in", "--out", folder.toString(), "--name", "x");
    Path shard = folder.resolve("x-00000-of-00001.tfrecord");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length / 2] ^= 1;
    Files.write(shard, bytes);
    CliRun run = run(1, "records", "verify", shard.toString());
    JsonNode report = json(run, 0);
    assertFalse(report.get("ok").asBoolean());
    assertEquals(1, report.at("/problems/0/index").asInt());
    long offset = report.at("/problems/0/offset").asLong();
    assertTrue(run.err().contains(shard + ": record 1 at byte " + offset + ": its "), run.err());
    assertError("record at byte " + offset, "records", "count", shard.toString());

    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 3));
    assertEquals(2, json(run(1, "records", "verify", shard.toString()), 0).at("/problems").size());
    Files.writeString(shard, "this is no shard at all");
    CliRun none = run(1, "records", "verify", shard.toString());
    assertTrue(none.err().contains("this is not a TFRecord file"), none.err());
  }

  @Test
  void whatCannotBePackedIsNamedAndTheRestIsPacked() throws IOException {
    PhotoFolder photos =
        PhotoFolder.draw(folder.resolve("in"), "a.jpg", "b.jpg", "uncaptioned.jpg")
            .with("captions.csv", "file,caption", "a.jpg,one", "gone.jpg,two", "b.jpg,three");
    Files.write(
        photos.path().resolve("b.jpg"),
        Arrays.copyOf(Files.readAllBytes(photos.path().resolve("b.jpg")), 300));
    CliRun run = run(1, "records", "pack", folder + "/in", "--out", folder + "/out");
    assertTrue(run.err().contains("captions.csv line 3: there is no image \"gone.jpg\""));
    assertTrue(run.err().contains("b.jpg: JPEG image of 300 bytes is cut short"), run.err());
    JsonNode report = json(run, 0);
    assertEquals(1, report.get("images").asInt());
    assertEquals(1, report.get("missing").asInt());
    assertEquals(1, report.get("unreadable").asInt());
    assertEquals(1, report.get("uncaptioned").asInt());
    run(
        1,
        "records",
        "pack",
        folder + "/in",
        "--out",
        folder + "/out",
        "--overwrite",
        "--skip-missing");
  }

  @Test
  void rowsThatCannotBeReadAreNamedAndUnknownHeadersAskedFor() throws IOException {
    PhotoFolder photos = PhotoFolder.draw(folder.resolve("in"), "a.jpg", "b.jpg");
    photos.with(
        "captions.csv", "image,caption,left,right", "a.jpg,one,1,2", "B.JPG#0,two", "b.jpg");
    String[] pack = {"records", "pack", folder + "/in", "--out", folder + "/out"};
    CliRun run = run(1, pack);
    assertEquals(2, json(run, 0).get("unusable").asInt());
    assertTrue(run.err().contains("captions.csv line 3: has 2 cells, the header has 4"), run.err());
    assertEquals(0, run(0, "records", "verify", folder + "/out").err().length());
    assertEquals(1, json(run(0, "records", "count", folder + "/out"), 1).get("texts").asInt());
    photos.with("captions.csv", "File name,Caption,photographer", "a.jpg,one,me");
    assertError("its cells are \"File name\"", with(pack, "--overwrite"));
    run(0, with(pack, "--overwrite", "--image-column", "File name"));
  }

  @Test
  void olderSetsAreReplacedOnlyWhenAsked() throws IOException {
    PhotoFolder.draw(folder.resolve("in"), "a.jpg", "b.jpg")
        .with("captions.csv", "a.jpg,one", "b.jpg,two");
    String[] pack = {"records", "pack", folder + "/in", "--out", folder + "/out", "--shards"};
    run(0, with(pack, "2"));
    assertError("exists already (2 shard(s) named data)", with(pack, "1"));
    run(0, with(pack, "1", "--overwrite"));
    assertEquals(List.of("data-00000-of-00001.tfrecord"), names(folder + "/out"));
    assertError("only 2 images", with(pack, "3", "--overwrite"));
  }

  @Test
  void wrongUsageIsExplained() throws IOException {
    Files.createDirectories(folder.resolve("empty"));
    String out = folder + "/out";
    assertError("one of pack, show", "records");
    assertError("has 0 images but no captions", "records", "pack", folder + "/empty", "--out", out);
    assertError("nothing to pack", "records", "pack", "--out", out);
    assertError("no such folder", "records", "pack", folder + "/none", "--out", out);
    assertError("the folder has no shards", "records", "count", folder + "/empty");
    assertError("there is no such shard", "records", "verify", folder + "/none.tfrecord");
    assertFalse(Files.exists(Path.of(out)));
    PhotoFolder.draw(folder.resolve("bad")).with("captions.csv", "a.jpg,one");
    assertError("no image to pack: 1 row", "records", "pack", folder + "/bad", "--out", out);
    PhotoFolder.draw(folder.resolve("text")).with("a.jpg", "not a picture").with("a.txt", "a");
    CliRun run = run(2, "records", "pack", folder + "/text", "--out", out);
    assertTrue(run.err().contains("not an image: 13 bytes"), run.err());
    assertTrue(run.err().contains("none of the 1 images can be used"), run.err());
    assertEquals(List.of(), names(out));
  }

  private static CliRun run(int status, String... args) {
    CliRun run = CliRun.of(with(args, "--json"));
    assertEquals(status, run.status(), run.err());
    return run;
  }

  private static void assertError(String part, String... args) {
    CliRun run = CliRun.of(args);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  private static String[] with(String[] args, String... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
  }

  private static JsonNode json(CliRun run, int line) throws IOException {
    return JSON.readTree(run.lines().get(line));
  }

  private static List<String> names(String folder) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}
