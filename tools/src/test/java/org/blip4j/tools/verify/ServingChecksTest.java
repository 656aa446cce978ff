package org.blip4j.tools.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.tools.cli.CliRun;
import org.blip4j.tools.serve.RestApi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What counts as the same answer of a server, and a few of the lines from end to end. */
class ServingChecksTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> MODELS = List.of("caption", "match", "vqa");
  private static final Path GOLDEN = Path.of("src/test/resources/golden").toAbsolutePath();

  private static String compare(String recorded, String body) throws IOException {
    JsonNode line =
        MAPPER
            .createObjectNode()
            .put("status", 200)
            .put("content_type", "application/json")
            .put("response", recorded);
    RestApi.Answer answer = new RestApi.Answer(200, "application/json", body.getBytes(UTF_8));
    return ServingChecks.compare(line, answer);
  }

  @Test
  void namesMayComeInAnyOrderAndFloatsDifferALittle() throws IOException {
    assertNull(compare("{\"a\": 1.000001, \"b\": [1, NaN]}", "{\"b\":[1,NaN],\"a\":1.0}"));
    assertEquals("/a is 1.1, expected 1.0", compare("{\"a\": 1.0}", "{\"a\":1.1}"));
    assertEquals("/a is 1, expected 1.0", compare("{\"a\": 1.0}", "{\"a\":1}"));
    assertEquals("/b/0 is 2, expected 1", compare("{\"b\": [1]}", "{\"b\":[2]}"));
    assertEquals(" has [b], expected [a]", compare("{\"a\": 1}", "{\"b\":1}"));
    assertEquals("is not JSON: }", compare("{}", "}"));
  }

  @Test
  void onlyErrorsThatNameNodesAreOurs() throws IOException {
    assertNull(compare("{\"error\": \"x [[{{node y}}]]\"}", "{\"error\": \"in words\"}"));
    assertTrue(compare("{\"error\": \"x\"}", "{\"error\": \"y\"}").startsWith("/error is"));
  }

  @Test
  void linesAreRunAgainstExportsOfTheGoldensBesideThem(@TempDir Path folder) throws IOException {
    for (String model : MODELS) {
      Files.createSymbolicLink(folder.resolve(model), GOLDEN.resolve(model));
    }
    String line =
        "{\"name\": \"%s\", \"method\": \"GET\", \"path\": \"%s\", \"status\": %d,"
            + " \"content_type\": \"application/json\", \"response\": \"{\\\"error\\\":"
            + " \\\"%s\\\"}\"}%n";
    String known = "Could not find version 9 of model caption";
    Path file = folder.resolve("few.jsonl");
    Files.writeString(
        file,
        line.formatted("right", "/v1/models/caption/versions/9", 404, known)
            + line.formatted("wrong", "/v1/models/caption/versions/8", 404, known));
    CliRun run = CliRun.of("verify", "--json", "--all", file.toString());
    for (String model : MODELS) {
      Files.delete(folder.resolve(model)); // the link, before anyone follows it
    }
    assertEquals(1, run.status(), run.err());
    assertEquals(2, run.lines().size());
    assertTrue(
        run.lines().get(0).contains("\"check\":\"right\"")
            && run.lines().get(0).contains("\"ok\":true"));
    assertTrue(run.lines().get(1).contains("expected \\\"" + known), run.out());
  }
}
