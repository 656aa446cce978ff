package org.blip4j.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CaptionFileTest {
  @TempDir Path folder;

  @Test
  void csvWithHeaderKeepsOtherColumns() throws IOException {
    CaptionFile file =
        read(
            "c.csv",
            String.join(
                "\r\n",
                "\ufeff,url,Caption,image, ",
                "0,http://x,\"two dogs, \"\"Rex\"\"\nand Max\",a.jpg,z",
                "",
                "1,,b,b.jpg,z"));
    assertEquals("[]", problems(file));
    Row first = file.rows().get(0);
    assertEquals("a.jpg", first.image());
    assertEquals(List.of("two dogs, \"Rex\"\nand Max"), first.texts());
    assertEquals(List.of("url"), first.columns().features().keySet().asList());
    assertEquals("http://x", first.columns().text("url").orElseThrow());
    assertTrue(file.rows().get(1).place().endsWith("c.csv line 5"), file.rows().get(1).place());
  }

  @Test
  void csvWithoutHeaderIsImageAndCaption() throws IOException {
    assertEquals(
        "a.jpg=a dog|b.jpg=x, y|c.jpg=a dog, a cat",
        texts(read("c.csv", "a.jpg,a dog\nb.jpg,\"x, y\"\nc.jpg,a dog, a cat\n")));
    CaptionFile forced =
        CaptionFile.read(
            write("c.csv", "image,caption,\"two\",x"), Reading.of(null, null, true), n -> false);
    assertEquals("image=caption,two,x", texts(forced));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "File name,Caption,photographer|a.jpg,a bucket,me ! \"File name\", \"Caption\","
            + " \"photographer\"",
        "a.jpg,\"two\",x|b.jpg,y,z ! \"a.jpg\", \"two\", \"x\"",
        "photo,words|a.jpg,a bucket ! \"photo\", \"words\"",
        "gone.jpg,words|a.jpg,a bucket ! \"gone.jpg\", \"words\"",
        "image,titel|a.jpg,a bucket ! \"image\", \"titel\"",
      })
  void unknownHeadersAreAskedFor(String lines, String cells) throws IOException {
    String text = lines.replace('|', '\n');
    assertMessage("its cells are " + cells, () -> read("c.csv", text));
    assertMessage("name the image column and the caption column", () -> read("c.csv", text));
    assertMessage("say that there is no header", () -> read("c.tsv", text.replace(',', '\t')));
  }

  @Test
  void namedColumnsAreTaken() throws IOException {
    Path file = write("c.csv", "File name,Caption,by\na.jpg,a bucket,me");
    CaptionFile named = CaptionFile.read(file, Reading.of("file name", null, false), n -> true);
    assertEquals("a.jpg=a bucket", texts(named));
    assertMessage(
        "no column photo",
        () -> CaptionFile.read(file, Reading.of("photo", null, false), n -> true));
  }

  @Test
  void separatorsAreTheFirstOfTheFirstLine() throws IOException {
    assertEquals("a.jpg=a dog, here", texts(read("c.csv", "a.jpg\ta dog, here")));
    assertEquals(
        "1.jpg=a dog, here",
        texts(read("r.csv", "image_name| comment_number| comment\n1.jpg| 0| a dog, here")));
    assertEquals("a.jpg=b, c", texts(read("c.csv", "image;caption\na.jpg;b, c")));
    assertEquals(
        "1.jpg#0=A man, here|1.jpg#1=x",
        texts(read("f.token", "1.jpg#0\tA man, here\n1.jpg#1\tx")));
  }

  @Test
  void betweenTabsQuotesAreLetters() throws IOException {
    assertEquals(
        "a.jpg=\"the red one|b.jpg=a green square|c.jpg=\"sky\" in blue|d.jpg=\"x\"|e.jpg=y \"",
        texts(
            read(
                "c.tsv",
                """
                a.jpg\t"the red one
                b.jpg\ta green square
                c.jpg\t"sky" in blue
                d.jpg\t"x"
                e.jpg\ty "
                """)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "a.jpg,\"the red one|b.jpg,x|c.jpg,\"sky\" in blue ! line 2: a quote is opened and closed"
            + " inside a cell, on line 4",
        "a.jpg,\"the red one|b.jpg,x ! line 2: a quote is opened and never closed, on line 3",
        "a.jpg,x|b.jpg,\"the|red\" one|c.jpg,\"x\" ! line 3: a quote is opened and closed inside",
      })
  void brokenQuotesOverSeveralLinesStopAndAreNamed(String lines, String message) {
    assertMessage(message, () -> read("c.csv", "image,caption\n" + lines.replace('|', '\n')));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "c.csv ! a.jpg,\"a \\\"red\\\", square\" ! line 3: a quote is opened and closed inside a"
            + " cell",
        "c.csv ! a.jpg ! line 3: has 1 cell, the header has 2; quote cells that hold a \",\"",
        "c.tsv ! a.jpg ! line 3: has 1 cell, the header has 2",
        "c.csv ! a.jpg,caf\u00e9 ! line 3: byte 36 (0xe9) is not UTF-8",
        "c.tsv ! a.jpg,caf\u00e9 ! line 3: byte 36 (0xe9) is not UTF-8",
        "c.csv ! a.jpg,\"cut off ! line 3: a quote is opened and never closed",
      })
  void oneBadRowIsNamedAndTheOthersAreRead(String name, String row, String message)
      throws IOException {
    String last = message.contains("never") ? "" : "\nd.jpg,after";
    String text = "image,caption\nb.jpg,before\n" + row + last;
    Path path =
        Files.write(
            folder.resolve(name),
            (name.endsWith("tsv") ? text.replace(',', '\t') : text)
                .getBytes(StandardCharsets.ISO_8859_1));
    CaptionFile file = CaptionFile.read(path, Reading.usual(), n -> true);
    assertEquals("b.jpg=before" + (last.isEmpty() ? "" : "|d.jpg=after"), texts(file));
    assertTrue(problems(file).contains(message), problems(file));
  }

  @Test
  void flickr30kIsReadButForItsOneBadRow() throws IOException {
    CaptionFile file =
        read(
            "results.csv",
            """
            image_name| comment_number| comment
            1.jpg| 0| A red square .
            2.jpg| 4   A green thing .
            2.jpg| 2| Green , paint .
            """);
    assertEquals("1.jpg=A red square .|2.jpg=Green , paint .", texts(file));
    assertTrue(problems(file).contains("line 3: has 2 cells, the header has 3"), problems(file));
  }

  @Test
  void filesThatAreNoneAreErrors() {
    assertMessage("the file is empty", () -> read("c.csv", "\n"));
    assertMessage("c.json: holds neither a list nor an object", () -> read("c.json", "5"));
    assertMessage("c.json line 2: is not JSON", () -> read("c.json", "[{},\n{]"));
    assertMessage("read from .csv", () -> read("c.xml", "5"));
    assertMessage(
        "is not UTF-8 but UTF-16",
        () -> CaptionFile.read(utf16("c.jsonl"), Reading.usual(), n -> true));
    assertMessage(
        "is not UTF-8 but UTF-16",
        () -> CaptionFile.read(utf16("c.csv"), Reading.usual(), n -> true));
  }

  @Test
  void jsonIsReadInAllItsForms() throws IOException {
    assertEquals("a.jpg=x/y", texts(read("c.json", "{\"a.jpg\": [\"x\", \"y\"]}")));
    Row list =
        read("c.json", "\ufeff[{\"image\": \"d/a.jpg\", \"text\": \"x\", \"s\": 0.5, \"n\": 3}]")
            .rows()
            .get(0);
    assertEquals("d/a.jpg", list.image());
    assertEquals(List.of(0.5f), list.columns().floats("s"));
    assertEquals(List.of("3"), list.columns().texts("n"));
    assertEquals(
        "a.jpg=x",
        texts(
            read(
                "c.json",
                "{\"images\": [{\"filename\": \"a.jpg\", \"sentences\": [{\"raw\": \"x\"}]}]}")));
    String lines =
        "{\"image\": \"a\", \"caption\": \"b\"}\n\n{\"image\": \"c\", \"text\": \"d\"}\n";
    assertEquals("a=b|c=d", texts(read("c.jsonl", "\ufeff" + lines)));
    assertEquals("a=b|c=d", texts(read("c.json", lines)));
  }

  @Test
  void cocoIdsMeetAsNumbersAndEveryAnnotationIsUsedOrNamed() throws IOException {
    CaptionFile file =
        read(
            "c.json",
            """
            {"images": [{"id": 7, "file_name": "a.jpg", "coco_url": "http://x"},
                        {"id": "08", "file_name": "b.jpg"}, {"id": "k", "file_name": "c.jpg"},
                        {"id": 7.0, "file_name": "a.jpg"}, {"id": 9}, {"file_name": "d.jpg"}],
             "annotations": [{"image_id": "000000000007", "id": 1, "caption": "x "},
                             {"image_id": 7, "id": 2, "caption": "y"},
                             {"image_id": 8, "id": 3, "caption": "z"},
                             {"image_id": "k", "id": 4, "caption": "k"},
                             {"image_id": 17, "id": 5, "caption": "w"},
                             {"image_id": "07x", "id": 6, "caption": "w"},
                             {"image_id": 7, "id": 7}, {"id": 8, "caption": "w"}]}
            """);
    assertEquals("a.jpg=x/y|b.jpg=z|c.jpg=k", texts(file));
    assertEquals("http://x", file.rows().get(0).columns().text("url").orElseThrow());
    for (String part :
        List.of(
            "annotation 5: its image_id 17 is that of no image",
            "annotation 6: its image_id \"07x\" is that of no image",
            "annotation 7: a caption or a list of captions is expected, not nothing",
            "annotation 8: has no image_id",
            "image 7.0: another image has this id",
            "image 9: has no file_name",
            "image : has no id")) {
      assertTrue(problems(file).contains(part), part + " in " + problems(file));
    }
    assertEquals(7, file.problems().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "{\"image\": \"a.jpg\", \"capt ! line 2: is not JSON: Unexpected end-of-input",
        "{oops} ! line 2: is not JSON",
        "{\"image\": \"a.jpg\"} ! line 2: has no caption field; its fields are [image]; name",
        "{\"image\": \"a.jpg\", \"caption\": 42} ! line 2: a caption or a list of captions is"
            + " expected, not 42",
        "{\"image\": \"a.jpg\", \"caption\": NaN} ! expected, not NaN",
        "{\"image\": null, \"caption\": \"x\"} ! the name of an image is expected, not null",
        "[1] ! line 2: has no image field; it is no object but [1]",
        "{\"image\": \"a\", \"image\": \"b\", \"caption\": \"x\"} ! Duplicate field 'image'",
      })
  void oneBadLineOfJsonIsNamedAndTheOthersAreRead(String line, String message) throws IOException {
    String before = "{\"image\": \"b.jpg\", \"caption\": \"before\", \"n\": NaN}\n";
    String after = "\n{\"image\": \"d.jpg\", \"caption\": \"after\", \"n\": 0.5}";
    CaptionFile file = read("c.jsonl", before + line + after);
    assertEquals("b.jpg=before|d.jpg=after", texts(file));
    assertTrue(problems(file).contains(message), problems(file));
    assertTrue(file.rows().get(0).columns().features().isEmpty());
    if (!message.contains("JSON") && !message.contains("Duplicate")) {
      CaptionFile list = read("c.json", ("[" + before + "," + line + "," + after + "]"));
      assertEquals("b.jpg=before|d.jpg=after", texts(list));
      assertTrue(problems(list).contains("entry 1: "), problems(list));
    }
  }

  @Test
  void linesThatAreNotUtf8AreNamed() throws IOException {
    Path file =
        Files.write(
            folder.resolve("c.jsonl"),
            "{\"image\": \"a\", \"text\": \"the dog\u0092s\"}\n{\"image\": \"b\", \"text\": \"x\"}"
                .getBytes(StandardCharsets.ISO_8859_1));
    CaptionFile read = CaptionFile.read(file, Reading.usual(), n -> true);
    assertEquals("b=x", texts(read));
    assertTrue(problems(read).contains("line 1: byte 31 (0x92) is not UTF-8"), problems(read));
  }

  @ParameterizedTest
  @ValueSource(strings = {"smile \\ud83d here", "smile \\ude00 here"})
  void halvesOfSurrogatePairsBecomeTheReplacementCharacter(String caption) throws IOException {
    Row row =
        read("c.json", "[{\"image\": \"a\", \"caption\": \"x\", \"t\": \"" + caption + "\"}]")
            .rows()
            .get(0);
    assertEquals(List.of("smile \ufffd here"), row.columns().texts("t"));
  }

  @Test
  void aLineOfManyFieldsIsQuick() {
    StringBuilder line = new StringBuilder("{\"image\": \"a\", \"caption\": \"x\"");
    for (int i = 0; i < 20_000; i++) {
      line.append(", \"field").append(i).append("\": ").append(i);
    }
    CaptionFile file =
        assertTimeout(Duration.ofSeconds(4), () -> read("c.jsonl", line.append("}").toString()));
    assertEquals(20_000, file.rows().get(0).columns().features().size());
  }

  private CaptionFile read(String name, String text) throws IOException {
    return CaptionFile.read(write(name, text), Reading.usual(), n -> n.matches("[abc].*"));
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path utf16(String name) throws IOException {
    return Files.writeString(folder.resolve(name), "a,b\nc,d", StandardCharsets.UTF_16);
  }

  private static String texts(CaptionFile file) {
    return file.rows().stream()
        .map(row -> row.image() + "=" + String.join("/", row.texts()))
        .collect(Collectors.joining("|"));
  }

  private String problems(CaptionFile file) {
    return file.problems().stream()
        .map(p -> p.place().replace(folder + "/", "") + ": " + p.what())
        .toList()
        .toString();
  }

  private interface Reads {
    Object run() throws IOException;
  }

  private static void assertMessage(String part, Reads reads) {
    IOException e = assertThrows(IOException.class, reads::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
