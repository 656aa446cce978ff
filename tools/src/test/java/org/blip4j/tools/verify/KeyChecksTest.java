package org.blip4j.tools.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lists of published names through the command, as they are and with one thing changed. */
class KeyChecksTest {
  private static final Path KEYS =
      Path.of("../graph/src/test/resources/org/blip4j/graph/weights/keys");
  private static final String CASES =
      """
      {"name": "keys",
       "built_with": {"caption, retrieval": "image 384"},
       "lists": [{"file": "caption-base.tsv", "tensors": 474, "values": 247445112,
                  "tied_groups": 2, "names_sharing_storage": 4,
                  "tied_example": [["text_decoder.bert.embeddings.word_embeddings.weight",
                                    "text_decoder.cls.predictions.decoder.weight"]]}],
       "hf": "the classes of Hugging Face at base size, image 384"}
      """;

  @TempDir Path folder;

  @BeforeEach
  void unpack() throws IOException {
    for (String list : new String[] {"caption-base", "caption-base.tied", "hf-retrieval-base"}) {
      Path packed = KEYS.resolve(list + ".tsv.gz");
      try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
        Files.write(folder.resolve(list + ".tsv"), in.readAllBytes());
      }
    }
    Files.writeString(folder.resolve("cases.json"), CASES);
  }

  private CliRun verify() {
    return CliRun.of("verify", "--json", folder.toString());
  }

  @Test
  void passes() {
    CliRun run = verify();
    assertEquals(0, run.status(), run.out() + run.err());
    assertEquals(13, run.lines().size(), run.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "caption-base.tsv|cls_token|cls_taken|caption-base names",
        "caption-base.tsv|[1,577,768]|[1,626,768]|caption-base image size",
        "caption-base.tsv|[768,3,16,16]|[768,3,16,17]|caption-base variables",
        "caption-base.tsv|[2304]|[2305]|caption-base values",
        "caption-base.tsv|int64|float32|caption-base names",
        "caption-base.tied.tsv|decoder.bias|decoder.weight|caption-base ties",
        "hf-retrieval-base.tsv|[1,577,768]|[1,578,768]|hf-retrieval-base",
        "hf-retrieval-base.tsv|[2,768]|[3,768]|hf-retrieval-base variables",
        "cases.json|474|475|caption-base tensors",
        "cases.json|247445112|247445113|caption-base values",
        "cases.json|predictions.decoder|predictions.coder|caption-base tied_example 0",
        "cases.json|caption-base.tsv|caption-tiny.tsv|caption-tiny.tsv"
      })
  void failsWithOneThingChanged(String file, String from, String to, String check)
      throws IOException {
    Path path = folder.resolve(file);
    String text = Files.readString(path, StandardCharsets.UTF_8);
    int at = text.indexOf(from);
    assertTrue(at >= 0, from);
    Files.writeString(path, text.substring(0, at) + to + text.substring(at + from.length()));

    CliRun run = verify();

    assertEquals(1, run.status(), run.out() + run.err());
    assertTrue(
        run.lines().stream()
            .anyMatch(
                line ->
                    line.contains("\"check\":\"" + check + "\"") && line.contains("\"ok\":false")),
        run.out());
  }
}
