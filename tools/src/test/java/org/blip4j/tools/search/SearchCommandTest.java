package org.blip4j.tools.search;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code search index} and {@code search} on a tiny model. */
class SearchCommandTest {
  @TempDir private static Path work;
  private static String model;
  private static String other;

  @TempDir private Path temporary;
  private Path photos;
  private Path index;

  @BeforeAll
  static void makeModels() throws IOException {
    model = work.resolve("model").toString();
    other = work.resolve("other").toString();
    TinyModel.write(Path.of(model), Task.PRETRAIN);
    TinyModel.write(Path.of(other), Task.PRETRAIN, 6);
  }

  @BeforeEach
  void makePhotos() throws IOException {
    photos = Files.createDirectory(temporary.toRealPath().resolve("photos"));
    for (int i = 0; i < 12; i++) {
      Files.write(photo(i), TinyModel.image(i, "jpg"));
    }
    index = temporary.resolve("index");
  }

  private Path photo(int number) {
    return photos.resolve("%02d.jpg".formatted(number));
  }

  private CliRun index(Path out, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of("search", "index", "--json", "--model", model, "--out", out.toString()));
    all.addAll(more.length == 0 ? List.of(photos.toString()) : List.of(more));
    return CliRun.of(all.toArray(String[]::new));
  }

  private CliRun search(String... more) {
    List<String> all =
        new ArrayList<>(List.of("search", "--json", "--model", model, "--index", index.toString()));
    all.addAll(List.of(more));
    return CliRun.of(all.toArray(String[]::new));
  }

  private static List<JsonNode> json(CliRun run) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : run.lines()) {
      rows.add(new JsonMapper().readTree(line));
    }
    return rows;
  }

  private static List<String> images(CliRun run) throws IOException {
    return json(run).stream().map(row -> row.get("image").textValue()).toList();
  }

  private static void assertCounts(CliRun run, int pictures, int added, int changed, int dropped)
      throws IOException {
    JsonNode row = json(run).get(0);
    assertEquals(
        List.of(pictures, added, changed, dropped),
        List.of(
            row.get("pictures").intValue(),
            row.get("added").intValue(),
            row.get("changed").intValue(),
            row.get("dropped").intValue()),
        run.err());
  }

  private static void assertEqual(Path one, Path two) throws IOException {
    for (String name : List.of("features.txt", "pictures.jsonl", "index.json")) {
      assertEquals(Files.readString(one.resolve(name)), Files.readString(two.resolve(name)));
    }
    FeatureIndex first = FeatureIndex.open(one);
    FeatureIndex second = FeatureIndex.open(two);
    for (int row = 0; row < first.size(); row++) { // batches of other pictures round otherwise
      assertArrayEquals(first.feature(row), second.feature(row), 1e-5f);
    }
    assertFalse(Files.exists(two.resolve(".indexing")));
  }

  @Test
  void secondStartsTakeWhatIsNewAndEqualAFreshIndex() throws IOException {
    CliRun first = index(index);
    assertEquals(0, first.status(), first.err());
    assertCounts(first, 12, 12, 0, 0);
    FileTime written = Files.getLastModifiedTime(index.resolve("features.npy"));
    assertCounts(index(index), 12, 0, 0, 0);
    assertEquals(written, Files.getLastModifiedTime(index.resolve("features.npy")));

    Files.delete(photo(3));
    Files.write(photo(5), TinyModel.image(77, "jpg"));
    Files.setLastModifiedTime(photo(6), FileTime.fromMillis(1_600_000_000_000L));
    Files.write(photos.resolve("00a.png"), TinyModel.image(20, "png"));
    Files.writeString(photos.resolve("junk.jpg"), "no picture");
    CliRun second = index(index);

    assertEquals(1, second.status());
    assertTrue(second.err().contains("junk.jpg: not an image"), second.err());
    assertCounts(second, 12, 1, 2, 1);
    Path fresh = temporary.resolve("fresh");
    assertEquals(1, index(fresh).status());
    assertEqual(fresh, index);
  }

  @Test
  void whatAKilledProcessStoredIsTakenUp() throws IOException {
    Path fresh = temporary.resolve("fresh");
    index(fresh);
    FeatureIndex whole = FeatureIndex.open(fresh);
    CapFiltModels.Identity identity = CapFiltModels.Identity.of(Path.of(model));
    FeatureIndex.Info info = new FeatureIndex.Info(1, identity, "float32", "none", 0, 0, "");
    try (IndexWriter writer = IndexWriter.open(index, info, false)) {
      for (int row = 0; row < 5; row++) {
        writer.add(List.of(whole.picture(row)), List.of(whole.feature(row)));
      }
    }
    Path features = index.resolve(".indexing/features");
    Files.write(features, Arrays.copyOf(Files.readAllBytes(features), 5 * 16 * 4 - 3));
    CliRun unfinished = search("a dog");
    assertEquals(2, unfinished.status());
    assertTrue(unfinished.err().contains("is not finished; give the same"), unfinished.err());
    try (IndexWriter writer = IndexWriter.open(index, info, false)) {
      assertEquals(4, writer.taken());
    }

    assertCounts(index(index), 12, 12, 0, 0);
    assertEqual(fresh, index);
  }

  @Test
  void anIndexOfAnotherModelIsRefused() throws IOException {
    index(index);
    CliRun adding =
        CliRun.of(
            "search", "index", "--model", other, "--out", index.toString(), photos.toString());
    CliRun reduced = index(index, photos.toString(), "--precision", "bfloat16");
    CliRun searching = CliRun.of("search", "--model", other, "--index", index.toString(), "a dog");
    for (CliRun run : List.of(adding, searching)) {
      assertEquals(2, run.status());
      assertTrue(
          run.err().matches("(?s).*model is \\S+model \\(SHA-256 \\w{8}\\) there, .*other .*"),
          run.err());
    }
    assertTrue(reduced.err().contains("precision is float32 there, bfloat16 here"), reduced.err());

    CliRun replaced =
        CliRun.of(
            "search",
            "index",
            "--overwrite",
            "--model",
            other,
            "--out",
            index.toString(),
            photos.toString());
    assertEquals(0, replaced.status(), replaced.err());
    assertEquals(2, search("a dog").status());
  }

  @Test
  void textsAreRankedByMatchLogitAndCosine() throws IOException {
    index(index);
    Map<String, JsonNode> pairs = new TreeMap<>();
    json(CliRun.of(
            "match", "--json", "--model", model, "--image", photos.toString(), "--text", "a dog"))
        .forEach(row -> pairs.put(row.get("image").textValue(), row));
    Comparator<String> cosine =
        Comparator.comparing(image -> -pairs.get(image).get("itc_cosine").doubleValue());
    Comparator<String> score =
        Comparator.comparing(
            image ->
                -pairs.get(image).get("itm_logits").get(1).doubleValue()
                    - pairs.get(image).get("itc_cosine").doubleValue());
    List<String> byCosine = pairs.keySet().stream().sorted(cosine).toList();
    List<String> reranked = new ArrayList<>(byCosine.subList(0, 6).stream().sorted(score).toList());
    reranked.addAll(byCosine.subList(6, 8));

    CliRun run = search("a dog", "--top", "8", "--rerank", "6", "--batch-size", "4");

    assertEquals(0, run.status(), run.err());
    assertEquals(reranked, images(run));
    for (JsonNode row : json(run)) {
      JsonNode pair = pairs.get(row.get("image").textValue());
      assertEquals(pair.get("itc_cosine").doubleValue(), row.get("itc_cosine").doubleValue(), 1e-5);
      if (row.get("rank").intValue() <= 6) {
        assertEquals(
            pair.get("itm_probability").doubleValue(),
            row.get("itm_probability").doubleValue(),
            1e-5);
      } else {
        assertFalse(row.has("itm_probability"), row.toString());
      }
    }
    assertEquals(byCosine.subList(0, 10), images(search("--rerank", "0", "--text", "a dog")));
    Files.delete(Path.of(reranked.get(0)));
    CliRun without = search("a dog", "--top", "5", "--rerank", "6");
    assertEquals(1, without.status());
    assertTrue(without.err().contains(reranked.get(0) + ": no such file"), without.err());
    assertEquals(reranked.subList(1, 6), images(without));
  }

  @Test
  void picturesFindThemselvesInFilesAndShards() throws IOException {
    Path shard = temporary.resolve("set.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 3; i++) {
        byte[] image = TinyModel.image(100 + i, "png");
        writer.write(
            ExampleCodec.standard().encode(Sample.ImageText.of("key" + i, image, List.of("a"))));
      }
      writer.commit();
    }
    CliRun made = index(index, photos.toString(), shard.toString());
    assertCounts(made, 15, 15, 0, 0);
    assertCounts(index(index, photos.toString(), shard.toString()), 15, 0, 0, 0);
    Path query = temporary.resolve("query.png");
    Files.write(query, TinyModel.image(101, "png"));
    Path queries = Files.writeString(temporary.resolve("queries"), photo(7) + "\n\na cat\n");
    Path page = temporary.resolve("page.html");

    CliRun run =
        search(
            query.toString(),
            "--queries",
            queries.toString(),
            "--top",
            "3",
            "--report",
            page.toString());

    assertEquals(0, run.status(), run.err());
    List<JsonNode> rows = json(run);
    assertEquals(9, rows.size());
    assertEquals("key1", rows.get(0).get("image").textValue());
    assertEquals(1, rows.get(0).get("itc_cosine").doubleValue(), 1e-5);
    assertFalse(rows.get(0).has("itm_probability"));
    assertEquals(photo(7).toString(), rows.get(3).get("image").textValue());
    assertEquals("a cat", rows.get(8).get("query").textValue());
    assertTrue(rows.get(8).has("itm_probability"));
    String html = Files.readString(page, StandardCharsets.UTF_8);
    assertEquals(11, html.split("data:image/png;base64", -1).length - 1);
    assertTrue(html.contains("<h2>a cat</h2>"), html.substring(0, 200));
    assertEquals(2, search("a cat", "--report", page.toString()).status());
    CliRun keys = search("a cat", "--top", "20");
    assertTrue(images(keys).containsAll(List.of("key0", "key1", "key2")), keys.out());
  }

  @Test
  void damageIsNamed() throws IOException {
    index(index);
    byte[] features = Files.readAllBytes(index.resolve("features.npy"));
    String info = Files.readString(index.resolve("index.json"));
    List<Path> files = List.of(index.resolve("features.npy"), index.resolve("index.json"));
    List<byte[][]> damages =
        List.of(
            new byte[][] {Arrays.copyOf(features, features.length - 8), info.getBytes(UTF_8)},
            new byte[][] {features, info.replace("12", "11").getBytes(UTF_8)},
            new byte[][] {
              features, info.replace("Sha256\" : \"", "Sha256\" : \"0").getBytes(UTF_8)
            },
            new byte[][] {
              features, info.replace("\"format\" : 1", "\"format\" : 9").getBytes(UTF_8)
            },
            new byte[][] {new byte[features.length], info.getBytes(UTF_8)});
    for (byte[][] damage : damages) {
      Files.write(files.get(0), damage[0]);
      Files.write(files.get(1), damage[1]);
      for (CliRun run : List.of(search("a dog"), index(index))) {
        assertEquals(2, run.status());
        assertTrue(run.err().contains("is damaged: "), run.err());
        assertTrue(run.err().contains("--overwrite"), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
      }
    }
    assertEquals(0, index(index, photos.toString(), "--overwrite").status());
    assertEquals(0, search("a dog").status());
  }

  @Test
  void wrongUsageIsToldInOneLine() throws IOException {
    index(index);
    String here = index.toString();
    String empty = Files.createDirectory(temporary.resolve("empty")).toString();
    List<List<String>> wrong =
        List.of(
            List.of("needs --index", "search", "--model", model, "a dog"),
            List.of("needs --model", "search", "--index", here, "a dog"),
            List.of("no index there", "search", "--model", model, "--index", empty, "a dog"),
            List.of("a query is empty", "search", "--model", model, "--index", here, " "),
            List.of("no queries", "search", "--model", model, "--index", here),
            List.of("no such image file", "search", "--model", model, "--index", here, "no.jpg"),
            List.of("--top 0", "search", "--model", model, "--index", here, "--top", "0", "a"),
            List.of("--rerank -1", "search", "--model", model, "--index", here, "--rerank=-1"),
            List.of("no images given", "search", "index", "--model", model, "--out", here),
            List.of("no images and", "search", "index", "--model", model, "--out", here, empty),
            List.of(
                "is no index (it holds",
                "search",
                "index",
                "--model",
                model,
                "--out",
                photos.toString(),
                photos.toString()));
    for (List<String> parts : wrong) {
      CliRun run = CliRun.of(parts.subList(1, parts.size()).toArray(String[]::new));

      assertEquals(2, run.status(), run.err());
      assertEquals("", run.out());
      assertTrue(run.err().contains(parts.get(0)), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
    Path junk = Files.writeString(temporary.resolve("junk.jpg"), "no picture");
    CliRun none = index(temporary.resolve("none"), junk.toString());
    assertEquals(2, none.status());
    assertTrue(none.err().contains("none of the pictures could be read"), none.err());
    CliRun query = search(junk.toString(), "a dog", "--top", "1");
    assertEquals(1, query.status());
    assertEquals(1, query.lines().size());
  }
}
