package org.blip4j.data.dataset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.file.FileNames;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PackPlanTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "x/a.jpg, x/a.jpg",
    "train/a.jpg, x/a.jpg",
    "c, c.jpg",
    "./c.jpg, c.jpg",
    "C.JPG, c.jpg",
    "X/A.JPG, x/a.jpg",
    "x\\a.jpg, x/a.jpg",
    "C:\\data\\X\\A.jpg, x/a.jpg",
    "c.jpg#0, c.jpg",
    "X\\a.jpg#12, x/a.jpg",
    "c.jpg#, ",
    "d.jpg, ",
    "'', ",
    ".., ",
    "y/b.jpg, y/b.jpg",
    "data/y/b.jpg, y/b.jpg",
    "e#1.jpg, e#1.jpg",
    "f.jpg, f.jpg",
    "F.JPG, F.JPG",
  })
  void imagesAreFoundAsOthersWriteTheirNames(String name, String expected) throws IOException {
    files("x/a.jpg", "y/b.jpg", "x/b.jpg", "c.jpg", "e#1.jpg", "f.jpg", "F.JPG");
    Optional<Path> found = ImageFolder.open(folder).find(name);
    assertEquals(Optional.ofNullable(expected).map(folder::resolve), found);
  }

  @Test
  void videosAreFilesAndFoldersOfFrames() throws IOException {
    files("a.mp4", "loose.jpg", "x/b.MKV", "x/c/f10.png", "x/c/f2.png", "x/c/f1.jpg", "d.txt");
    assertEquals(
        List.of("a.mp4", "x/b.MKV", "x/c"),
        ImageFolder.videos(folder).stream().map(v -> folder.relativize(v).toString()).toList());
    assertEquals(List.of(folder.resolve("x/c")), ImageFolder.videos(folder.resolve("x/c")));
    assertEquals(
        List.of("f1.jpg", "f2.png", "f10.png"),
        ImageFolder.frames(folder.resolve("x/c")).stream()
            .map(frame -> frame.getFileName().toString())
            .toList());
    ImageFolder videos = ImageFolder.openVideos(folder);
    for (String name : List.of("c", "x/c", "b", "x/b.MKV", "B.mkv", "a")) {
      assertTrue(videos.find(name).isPresent(), name);
    }
    assertEquals(Optional.empty(), videos.find("e.mp4"));
  }

  @Test
  void namesThatSeveralFilesHaveAreAmbiguous() throws IOException {
    files("x/b.jpg", "y/b.jpg", "f.jpg", "F.JPG");
    ImageFolder images = ImageFolder.open(folder);
    for (String name : List.of("b.jpg", "B.JPG", "z/b.jpg", "F.jpg")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> images.find(name));
      assertTrue(e.getMessage().contains("name it with its folder"), e.getMessage());
    }
  }

  @Test
  void lettersTakenApartEqualWholeOnes() throws IOException {
    String whole = "caf\u00e9 \uac00\uaca9.jpg";
    String apart = Normalizer.normalize(whole, Normalizer.Form.NFD);
    for (String[] pair : new String[][] {{whole, apart}, {apart, whole}}) {
      int number = pair[0].length();
      Path root = Files.createDirectory(folder.resolve(pair[0] + number));
      Path file = Files.writeString(root.resolve(pair[0]), "");
      assertEquals(Optional.of(file), ImageFolder.open(root).find(pair[1]));
      assertEquals(file, new FileNames().find(folder + "/" + pair[1] + number + "/" + pair[1]));
    }
  }

  @Test
  void pathsAreFoundWithoutAFolderToSearch() throws IOException {
    files("Sub/a.jpg", "Sub/b.JPG", "Sub/B.jpg");
    FileNames names = new FileNames();
    assertEquals(folder.resolve("Sub/a.jpg"), names.find(folder + "\\sub\\A.jpg"));
    assertEquals(folder.resolve("Sub/b.JPG"), names.find(folder + "/Sub/b.JPG"));
    assertEquals(folder.resolve("Sub/b.jpg"), names.find(folder + "/Sub/b.jpg"), "which of two?");
    assertEquals(Path.of("no/such"), names.find("no/such"));
  }

  @Test
  void rowsOfOneImageBecomeOneItemAndKeysAreUnique() throws IOException {
    files("x/a.jpg", "y/a.jpg", "b.jpg");
    lines("captions.csv", "x/a.jpg,1", "b.jpg,2", "y/a.jpg,3", "x/a.jpg,4", "a.jpg,5", "no.jpg,6");
    PackPlan plan = PackPlan.of(Reading.usual()).source(folder).build();
    assertEquals(List.of("x/a.jpg", "b", "y/a.jpg"), keys(plan));
    assertEquals(List.of("1", "4"), plan.items().get(0).texts());
    assertTrue(plan.problems().get(0).what().contains("may be"), plan.problems().toString());
    assertTrue(plan.missing().get(0).what().contains("no image \"no.jpg\""));
  }

  @Test
  void eachQuestionIsAnItemUnderItsImagesKey() throws IOException {
    files("a.jpg", "b.jpg");
    lines(
        "captions.jsonl",
        "{\"image\":\"a.jpg\",\"question\":\"what?\",\"answers\":\"cat\"}",
        "{\"image\":\"b.jpg\",\"question\":\"one?\",\"answers\":[\"no\",\"1\"],\"answer_weights\":[1,0.5]}",
        "{\"image\":\"a.jpg\",\"question\":\"why?\",\"answers\":[\"so\"]}",
        "{\"image\":\"a.jpg\",\"question\":\" \",\"answers\":\"no\"}",
        "{\"image\":\"a.jpg\",\"question\":\"how?\",\"answers\":[]}",
        "{\"image\":\"a.jpg\",\"question\":\"how?\",\"answers\":[\"so\"],\"answer_weights\":[1,2]}",
        "{\"image\":\"a.jpg\",\"question\":\"how?\",\"answers\":[\"so\"],\"answer_weights\":[-1]}",
        "{\"image\":\"a.jpg\",\"question\":null,\"answers\":\"no\"}",
        "{\"image\":\"a.jpg\",\"question\":\"how?\",\"answers\":null}");
    PackPlan plan = PackPlan.of(Reading.usual()).source(folder).build();
    assertEquals(List.of("a", "b", "a"), keys(plan));
    assertEquals(0, plan.uncaptioned());
    assertEquals(List.of("what?", "one?", "why?"), column(plan, "question"));
    assertEquals(List.of("cat", "no", "1", "so"), column(plan, "answers"));
    assertEquals(List.of(1f, 0.5f), plan.items().get(1).columns().floats("answer_weights"));
    assertEquals(
        List.of("line 4", "line 5", "line 6", "line 7", "line 8", "line 9"),
        plan.problems().stream().map(p -> p.place().replaceAll(".*jsonl ", "")).toList());
    assertEquals(
        "its answer_weights are [1.0, 2.0]; a number of 0 or more is expected for each of 1"
            + " answers",
        plan.problems().get(2).what());
  }

  @Test
  void questionsAreReadFromTables() throws IOException {
    files("a.jpg");
    lines(
        "captions.csv", "image,question,answers", "a.jpg,\"red, or blue?\",red", "a.jpg,big?,yes");
    PackPlan plan = PackPlan.of(Reading.usual()).source(folder).build();
    assertEquals(List.of("red, or blue?", "big?"), column(plan, "question"));
    assertEquals(List.of("red", "yes"), column(plan, "answers"));
    lines("captions.csv", "image,caption,question,answers", "a.jpg,x,y,z", "a.jpg,w,y,z");
    assertEquals(List.of("x", "w"), texts(folder), "captions come first");
  }

  @ParameterizedTest
  @CsvSource({"statements.jsonl", "statements.csv"})
  void statementsAboutTwoImagesAreItems(String file) throws IOException {
    files("a.jpg", "b.jpg", "c.jpg", "unused.jpg");
    if (file.endsWith("csv")) {
      lines(
          file,
          "left,right,statement,label,about",
          "a.jpg,b.jpg,\"one, two\",True,x",
          "a.jpg,c.jpg,three,0,x",
          "b.jpg,a.jpg,four,,x",
          "b.jpg,a.jpg,five,maybe,x",
          "b.jpg,a.jpg, ,1,x",
          "b.jpg,gone.jpg,six,1,x");
    } else {
      lines(
          file,
          "{\"left\":\"a.jpg\",\"right\":\"b.jpg\",\"statement\":\"one,"
              + " two\",\"label\":true,\"about\":\"x\"}",
          "{\"left\":\"a.jpg\",\"right\":\"c.jpg\",\"statement\":\"three\",\"label\":0,\"about\":\"x\"}",
          "{\"left\":\"b.jpg\",\"right\":\"a.jpg\",\"statement\":\"four\",\"about\":\"x\"}",
          "{\"left\":\"b.jpg\",\"right\":\"a.jpg\",\"statement\":\"five\",\"label\":\"maybe\"}",
          "{\"left\":\"b.jpg\",\"right\":\"a.jpg\",\"statement\":null,\"label\":1}",
          "{\"left\":\"b.jpg\",\"right\":\"gone.jpg\",\"statement\":\"six\",\"label\":1}");
    }
    PackPlan plan = PackPlan.of(Reading.usual()).source(folder).build();
    assertEquals(List.of("a", "a", "b"), keys(plan));
    assertEquals(
        List.of(
            new PackPlan.Statement(folder.resolve("b.jpg"), "one, two", 1),
            new PackPlan.Statement(folder.resolve("c.jpg"), "three", 0),
            new PackPlan.Statement(folder.resolve("a.jpg"), "four", -1)),
        plan.items().stream().map(item -> item.statement().orElseThrow()).toList());
    assertEquals(Set.of("about"), plan.items().get(0).columns().features().keySet());
    assertEquals(1, plan.uncaptioned());
    assertEquals(2, plan.problems().size(), plan.problems().toString());
    assertTrue(plan.problems().get(0).what().startsWith("its label is \"maybe\"; true (1) or"));
    assertTrue(plan.missing().get(0).what().contains("no image \"gone.jpg\""));
  }

  private static List<String> column(PackPlan plan, String name) {
    return plan.items().stream().flatMap(item -> item.columns().texts(name).stream()).toList();
  }

  @Test
  void keysOfTwoSourcesAreUnique() throws IOException {
    files("p/1.jpg", "q/1.jpg", "q/2.jpg");
    for (String source : List.of("p", "q")) {
      lines(source + "/captions.csv", "1.jpg,x", "2.jpg,y");
    }
    PackPlan plan =
        PackPlan.of(Reading.usual())
            .source(folder.resolve("p"))
            .source(folder.resolve("q"))
            .build();
    assertEquals(List.of(folder + "/p/1.jpg", folder + "/q/1.jpg", "2"), keys(plan));
  }

  @Test
  void captionFilesOfFoldersAreChosenOrAskedFor() throws IOException {
    files("a.jpg");
    lines("a.txt", "\ufeffone", "", "two");
    assertEquals(List.of("one", "two"), texts(folder));
    lines("list.csv", "a.jpg,three");
    lines("more.json", "{}");
    IOException e = assertThrows(IOException.class, () -> texts(folder));
    assertTrue(e.getMessage().contains("[list.csv, more.json]; choose one"), e.getMessage());
    lines("captions.jsonl", "{\"image\": \"a.jpg\", \"text\": \"four\"}");
    assertEquals(List.of("four"), texts(folder));
    assertEquals(List.of("three"), texts(folder.resolve("list.csv")));
  }

  @Test
  void textsBesideImagesThatAreNotUtf8AreNamedAndTheOthersTaken() throws IOException {
    files("a.jpg", "B.JPG", "c.jpg", "d.jpg");
    Files.write(folder.resolve("a.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
    lines("B.TXT", "good");
    Files.writeString(folder.resolve("c.txt"), "wide", StandardCharsets.UTF_16);
    PackPlan plan = PackPlan.of(Reading.usual()).source(folder).build();
    assertEquals(List.of("B"), keys(plan));
    assertEquals(2, plan.problems().size());
    assertEquals(folder.resolve("a.txt").toString(), plan.problems().get(0).place());
    assertTrue(plan.problems().get(0).what().contains("byte 3 (0xe9) is not UTF-8"));
    assertTrue(plan.problems().get(1).what().contains("UTF-16"), plan.problems().toString());
  }

  private List<String> texts(Path source) throws IOException {
    return PackPlan.of(Reading.usual()).source(source).build().items().get(0).texts();
  }

  private static List<String> keys(PackPlan plan) {
    return plan.items().stream().map(PackPlan.Item::key).toList();
  }

  private void files(String... names) throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "");
    }
  }

  private void lines(String name, String... lines) throws IOException {
    Files.writeString(folder.resolve(name), String.join("\n", lines));
  }
}
