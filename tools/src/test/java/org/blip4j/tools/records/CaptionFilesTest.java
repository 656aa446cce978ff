package org.blip4j.tools.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.dataset.CaptionRow;
import org.blip4j.data.dataset.ColumnNames;
import org.blip4j.data.dataset.CsvCaptions;
import org.blip4j.data.dataset.ImageFolder;
import org.blip4j.data.dataset.JsonCaptions;
import org.blip4j.data.dataset.PackPlan;
import org.blip4j.data.dataset.PackSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CaptionFilesTest {
  private static final ColumnNames USUAL = ColumnNames.of(null, null);

  @TempDir Path folder;

  @Test
  void csvWithHeaderKeepsOtherColumns() throws IOException {
    List<CaptionRow> rows =
        csv(
            String.join(
                "\r\n",
                "\ufeffurl,Caption,image",
                "http://x,\"two dogs, \"\"Rex\"\"\nand Max\",a.jpg",
                "",
                ",b,b.jpg"));
    assertEquals(2, rows.size());
    assertEquals("a.jpg", rows.get(0).image());
    assertEquals(List.of("two dogs, \"Rex\"\nand Max"), rows.get(0).texts());
    assertEquals("http://x", rows.get(0).columns().text("url").orElseThrow());
    assertTrue(rows.get(1).place().endsWith("c.csv line 5"), rows.get(1).place());
  }

  @Test
  void csvWithoutHeaderIsImageAndRest() throws IOException {
    List<CaptionRow> rows = csv("a.jpg,a dog, a cat\nb.jpg,\"x, y\"\n");
    assertEquals(List.of("a dog, a cat"), rows.get(0).texts());
    assertEquals(List.of("x, y"), rows.get(1).texts());
    List<CaptionRow> forced = new CsvCaptions(file("image,caption"), USUAL, true).read();
    assertEquals("image", forced.get(0).image());
  }

  @Test
  void otherSeparatorsAreRecognised() throws IOException {
    assertEquals(List.of("a dog"), csv("a.jpg\ta dog").get(0).texts());
    List<CaptionRow> bars = csv("image_name| comment_number| comment\n1.jpg| 0| a dog, here");
    assertEquals("1.jpg", bars.get(0).image());
    assertEquals(List.of("a dog, here"), bars.get(0).texts());
  }

  @Test
  void unquotedSeparatorsInALastCaptionAreJoined() throws IOException {
    assertEquals(List.of("a dog, a cat"), csv("image,caption\na.jpg,a dog, a cat").get(0).texts());
    assertMessage("line 2 has 3 cells, the header has 2", () -> csv("caption,image\nx,y,a.jpg"));
    assertMessage("line 3 has 1 cells", () -> csv("image,caption\na.jpg,b\nc.jpg"));
    assertMessage("line 2: a quote is opened", () -> csv("a.jpg,b\n\"c.jpg,d"));
    assertMessage("has one cell", () -> csv("a.jpg"));
    assertMessage("the file is empty", () -> csv(""));
    ColumnNames wrong = ColumnNames.of("photo", null);
    assertMessage(
        "no column photo", () -> new CsvCaptions(file("image,caption\na,b"), wrong, false).read());
  }

  @Test
  void jsonIsReadInAllItsForms() throws IOException {
    CaptionRow map = json("{\"a.jpg\": [\"x\", \"y\"]}").get(0);
    assertEquals("a.jpg", map.image());
    assertEquals(List.of("x", "y"), map.texts());
    CaptionRow list =
        json("[{\"image\": \"d/a.jpg\", \"caption\": \"x\", \"score\": 0.5, \"n\": 3}]").get(0);
    assertEquals("d/a.jpg", list.image());
    assertEquals(List.of(0.5f), list.columns().floats("score"));
    assertEquals(List.of("3"), list.columns().texts("n"));
    CaptionRow karpathy =
        json("{\"images\": [{\"filename\": \"a.jpg\", \"sentences\": [{\"raw\": \"x\"}]}]}").get(0);
    assertEquals(List.of("x"), karpathy.texts());
    CaptionRow coco =
        json("""
        {"images": [{"id": 7, "file_name": "a.jpg", "coco_url": "http://x"}],
         "annotations": [{"image_id": 7, "id": 1, "caption": "x "},
                         {"image_id": 7, "id": 2, "caption": "y"}]}
        """)
            .get(0);
    assertEquals("a.jpg", coco.image());
    assertEquals(List.of("x", "y"), coco.texts());
    assertEquals("http://x", coco.columns().text("url").orElseThrow());
  }

  @Test
  void jsonErrorsNameTheirPlace() throws IOException {
    assertMessage(
        "entry 0 has no caption field; its fields are [image, titel]",
        () -> json("[{\"image\": \"a\", \"titel\": \"b\"}]"));
    assertMessage("line 2: is not JSON", () -> json("[{},\n{]"));
    assertMessage("a caption or a list of captions is expected", () -> json("{\"a\": 5}"));
    assertMessage("neither a list nor an object", () -> json("5"));
    Path lines = folder.resolve("c.jsonl");
    Files.writeString(lines, "{\"image\": \"a\", \"caption\": \"b\"}\n\n{oops}\n");
    assertMessage("line 3: is not JSON", () -> new JsonCaptions(lines, USUAL).readLines());
  }

  @Test
  void imagesAreFoundByPathNameAndStem() throws IOException {
    PhotoFolder.draw(folder, "x/a.jpg", "y/b.jpg", "x/b.jpg", "c.jpg");
    ImageFolder images = ImageFolder.open(folder);
    assertEquals(folder.resolve("x/a.jpg"), images.find("x/a.jpg").orElseThrow());
    assertEquals(folder.resolve("x/a.jpg"), images.find("train/a.jpg").orElseThrow());
    assertEquals(folder.resolve("c.jpg"), images.find("c").orElseThrow());
    assertTrue(images.find("d.jpg").isEmpty());
    assertTrue(images.find("").isEmpty());
    assertMessage("name it with its folder", () -> images.find("b.jpg"));
  }

  @Test
  void rowsOfOneImageBecomeOneItemAndKeysAreUnique() throws IOException {
    PhotoFolder.draw(folder, "x/a.jpg", "y/a.jpg", "b.jpg")
        .with("captions.csv", "x/a.jpg,1", "b.jpg,2", "y/a.jpg,3", "x/a.jpg,4");
    PackSource source = PackSource.open(folder, new PackSource.Reading(USUAL, false));
    PackPlan plan = PackPlan.of(List.of(source));
    assertEquals(
        List.of("x/a.jpg", "b", "y/a.jpg"), plan.items().stream().map(PackPlan.Item::key).toList());
    assertEquals(List.of("1", "4"), plan.items().get(0).texts());
  }

  @Test
  void captionFilesOfFoldersAreChosenOrAskedFor() throws IOException {
    PhotoFolder photos = PhotoFolder.draw(folder, "a.jpg").with("a.txt", "one", "", "two");
    PackSource.Reading reading = new PackSource.Reading(USUAL, false);
    assertEquals(List.of("one", "two"), PackSource.open(folder, reading).rows().get(0).texts());
    photos.with("list.csv", "a.jpg,three").with("more.json", "{}");
    assertMessage("[list.csv, more.json]; choose one", () -> PackSource.open(folder, reading));
    photos.with("captions.jsonl", "{\"image\": \"a.jpg\", \"text\": \"four\"}");
    assertEquals(List.of("four"), PackSource.open(folder, reading).rows().get(0).texts());
    assertEquals(
        List.of("three"),
        PackSource.open(folder.resolve("list.csv"), reading).rows().get(0).texts());
  }

  private List<CaptionRow> csv(String text) throws IOException {
    return new CsvCaptions(file(text), USUAL, false).read();
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("c.csv"), text);
  }

  private List<CaptionRow> json(String text) throws IOException {
    return new JsonCaptions(Files.writeString(folder.resolve("c.json"), text), USUAL).read();
  }

  private interface Reads {
    Object run() throws IOException;
  }

  private static void assertMessage(String part, Reads reads) {
    IOException e = assertThrows(IOException.class, reads::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
