package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The inference commands on a tiny model, as a folder and exported. */
class InferCommandsTest {
  @TempDir private static Path work;
  private static String model;
  private static Path photos;

  @TempDir private Path out;

  @BeforeAll
  static void make() throws IOException {
    model = work.resolve("model").toString();
    TinyModel.write(Path.of(model), Task.PRETRAIN);
    photos = Files.createDirectories(work.resolve("photos"));
    for (int i = 0; i < 6; i++) {
      Files.write(photos.resolve(i + ".jpg"), TinyModel.image(i, "jpg"));
    }
    byte[] whole = TinyModel.image(2, "jpg");
    Files.write(photos.resolve("2.jpg"), Arrays.copyOf(whole, whole.length / 2));
    Files.writeString(photos.resolve("4.jpg"), "a text with a wrong name");
  }

  private static List<JsonNode> json(CliRun run) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : run.lines()) {
      rows.add(new JsonMapper().readTree(line));
    }
    return rows;
  }

  @Test
  void captionsComeInOrderAndUnreadableImagesAreNamed() throws IOException {
    CliRun run =
        CliRun.of(
            "caption", "--model", model, "--json", "--ids", "--batch-size", "2", photos.toString());

    assertEquals(1, run.status(), run.err());
    List<JsonNode> rows = json(run);
    assertEquals(
        List.of("0.jpg", "1.jpg", "3.jpg", "5.jpg"),
        rows.stream()
            .map(row -> Path.of(row.get("image").textValue()).getFileName().toString())
            .toList());
    for (JsonNode row : rows) {
      assertFalse(row.get("caption").textValue().isEmpty());
      assertTrue(row.get("log_prob").doubleValue() < 0);
      assertEquals(row.get("tokens").intValue(), row.get("ids").size());
      assertFalse(row.has("samples"));
    }
    assertTrue(run.err().contains("2.jpg: JPEG image of"), run.err());
    assertTrue(run.err().contains("4.jpg: not an image"), run.err());
  }

  @Test
  void anExportedModelPrintsTheSameCaptions() throws IOException {
    String served = out.resolve("served").toString();

    CliRun export = CliRun.of("export", "--model", model, "--out", served, "--json");
    CliRun again = CliRun.of("export", "--model", model, "--out", served);

    assertEquals(0, export.status(), export.err());
    JsonNode row = json(export).get(0);
    assertEquals(Path.of(served, "1").toString(), row.get("folder").textValue());
    assertEquals(15, row.get("signatures").size()); // 7, the same of tensors, the default
    assertEquals(2, again.status());
    assertTrue(again.err().contains("exists already"), again.err());
    String image = photos.resolve("1.jpg").toString();
    assertEquals(
        CliRun.of("caption", "--model", model, image).out(),
        CliRun.of("caption", "--model", served, image).out());
    CliRun other = CliRun.of("caption", "--model", served, "--beams", "5", image);
    assertEquals(2, other.status());
    assertTrue(other.err().contains("exported with other settings"), other.err());
  }

  @Test
  void samplesDependOnTheSeedAlone() throws IOException {
    String[] command = {
      "caption",
      "--model",
      model,
      "--json",
      "--nucleus",
      "0.9",
      "--samples",
      "3",
      "--seed",
      "4",
      photos.resolve("0.jpg").toString(),
      photos.resolve("1.jpg").toString()
    };
    CliRun run = CliRun.of(command);

    assertEquals(0, run.status(), run.err());
    assertEquals(3, json(run).get(0).get("samples").size());
    String[] oneByOne = Arrays.copyOf(command, command.length + 2);
    oneByOne[command.length] = "--batch-size";
    oneByOne[command.length + 1] = "1";
    CliRun alone = CliRun.of(oneByOne);
    for (int image = 0; image < 2; image++) {
      for (int sample = 0; sample < 3; sample++) {
        assertEquals(
            json(run).get(image).get("samples").get(sample).get("caption"),
            json(alone).get(image).get("samples").get(sample).get("caption"));
      }
    }
  }

  @Test
  void captionsAreWrittenBesideImagesAndToATable() throws IOException {
    Path image = Files.copy(photos.resolve("0.jpg"), out.resolve("a, b.jpg"));
    Path csv = out.resolve("captions.csv");
    String[] command = {
      "caption", "--model", model, "--sidecar", "--csv", csv.toString(), image.toString()
    };

    CliRun run = CliRun.of(command);

    assertEquals(0, run.status(), run.err());
    String caption = run.lines().get(0).split("\t", -1)[1];
    assertEquals(caption + "\n", Files.readString(out.resolve("a, b.txt")));
    List<String> lines = Files.readAllLines(csv);
    assertEquals("image,caption,log_prob,tokens", lines.get(0));
    assertTrue(lines.get(1).startsWith("\"" + image + "\","), lines.get(1));
    CliRun again = CliRun.of(command);
    assertEquals(2, again.status());
    assertTrue(again.err().contains("give --overwrite"), again.err());
  }

  @Test
  void everyImageIsMatchedWithEveryText() throws IOException {
    CliRun run =
        CliRun.of(
            "match",
            "--model",
            model,
            "--json",
            "--batch-size",
            "3",
            "--image",
            photos.resolve("0.jpg").toString(),
            "--image",
            photos.resolve("4.jpg").toString(),
            "--image",
            photos.resolve("1.jpg").toString(),
            "--text",
            "a red dog",
            "--text",
            "a cat");

    assertEquals(1, run.status(), run.err());
    List<JsonNode> rows = json(run);
    assertEquals(4, rows.size());
    assertEquals("a cat", rows.get(1).get("text").textValue());
    assertTrue(rows.get(2).get("image").textValue().endsWith("1.jpg"));
    for (JsonNode row : rows) {
      double no = row.get("itm_logits").get(0).doubleValue();
      double yes = row.get("itm_logits").get(1).doubleValue();
      double expected = 1 / (1 + Math.exp(no - yes));
      assertEquals(expected, row.get("itm_probability").doubleValue(), 1e-5);
      assertTrue(Math.abs(row.get("itc_cosine").doubleValue()) <= 1.00001);
    }
    Path pairs = out.resolve("pairs.tsv");
    Files.writeString(
        pairs,
        photos.resolve("1.jpg") + "\ta cat\n{\"image\": \"absent.jpg\", \"text\": \"a cat\"}\n");
    CliRun given = CliRun.of("match", "--model", model, "--json", "--pairs", pairs.toString());
    assertEquals(1, given.status(), given.err());
    assertEquals(
        rows.get(3).get("itm_probability").doubleValue(),
        json(given).get(0).get("itm_probability").doubleValue(),
        1e-5);
    assertTrue(given.err().contains("absent.jpg: no such file"), given.err());
  }

  @Test
  void featuresOfShardsAndTextsAreStored() throws IOException {
    Path shard = out.resolve("set.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < 3; i++) {
        writer.write(
            ExampleCodec.standard()
                .encode(
                    Sample.ImageText.of("key" + i, TinyModel.image(i, "png"), List.of("a dog"))));
      }
      writer.commit();
    }
    Path array = out.resolve("images.npy");

    CliRun run =
        CliRun.of(
            "embed",
            "images",
            "--model",
            model,
            "--json",
            "--out",
            array.toString(),
            shard.toString());
    CliRun texts = CliRun.of("embed", "texts", "--model", model, "a dog", "a cat");

    assertEquals(0, run.status(), run.err());
    assertEquals(128 + 3 * 16 * 4, Files.size(array));
    assertTrue(
        new String(Files.readAllBytes(array), 10, 118, US_ASCII).contains("'shape': (3, 16)"));
    assertEquals(List.of("key0", "key1", "key2"), Files.readAllLines(out.resolve("images.txt")));
    assertEquals(16, json(run).get(2).get("embedding").size());
    assertEquals(0, texts.status(), texts.err());
    assertEquals(17, texts.lines().get(1).split("\t", -1).length);
  }

  @Test
  void wrongUsageIsToldInOneLine() throws IOException {
    String image = photos.resolve("0.jpg").toString();
    Path empty = Files.createDirectory(out.resolve("empty"));
    List<String[]> wrong =
        List.of(
            new String[] {"no images given", "caption", "--model", model},
            new String[] {"no images", "caption", "--model", model, empty.toString()},
            new String[] {"beams 0", "caption", "--model", model, "--beams", "0", image},
            new String[] {"nucleus 1.5", "caption", "--model", model, "--nucleus", "1.5", image},
            new String[] {"need --nucleus", "caption", "--model", model, "--top-k", "5", image},
            new String[] {
              "does not search",
              "caption",
              "--model",
              model,
              "--nucleus",
              "0.9",
              "--beams",
              "2",
              image
            },
            new String[] {"prompt has", "caption", "--model", model, "--max-length", "4", image},
            new String[] {
              "is empty", "caption", "--model", model, "--prompts-from", "/dev/null", image
            },
            new String[] {
              "leave --prompt", "caption", "--prompt", "a", "--prompts-from", "x", "--model", model
            },
            new String[] {
              "samples 0", "caption", "--model", model, "--nucleus", "1", "--samples=0"
            },
            new String[] {"is one beam", "caption", "--model", model, "--greedy", "--beams", "3"},
            new String[] {"pairs has", "match", "--model", model, "--pairs", "x", "--text", "a"},
            new String[] {"no texts given", "match", "--model", model, "--image", image},
            new String[] {"no such file or folder", "caption", "--model", "absent", image},
            new String[] {"there is no such", "caption", "--model", model, "absent.jpg"});
    for (String[] parts : wrong) {
      CliRun run = CliRun.of(Arrays.copyOfRange(parts, 1, parts.length));

      assertEquals(2, run.status(), run.err());
      assertEquals("", run.out());
      assertTrue(run.err().contains(parts[0]), run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
  }
}
