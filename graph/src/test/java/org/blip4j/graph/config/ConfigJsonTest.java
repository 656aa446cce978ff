package org.blip4j.graph.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigJsonTest {
  private static final ModelConfig CONFIG =
      ModelConfig.of(
          Task.PRETRAIN,
          BlipConfig.tiny(),
          TextSettings.published(),
          new ModelConfig.Provenance("test", "0", "unknown", 0));

  @TempDir Path folder;

  @Test
  void writesWhatItReads() throws IOException {
    Path file = folder.resolve("config.json");
    ConfigJson.write(file, CONFIG);
    assertEquals(CONFIG, ConfigJson.read(file, ModelConfig.class));
  }

  @Test
  void namesTheNearestOfAMisspeltKey() {
    assertEquals(
        "config.json: unknown key architecture.vision.imageSiez; did you mean imageSize? (line 6)",
        failure(ConfigJson.write(CONFIG).replace("\"imageSize\"", "\"imageSiez\"")));
  }

  @Test
  void passesOnWhatARecordFindsWrong() {
    assertEquals(
        "config.json: architecture.vision: image size 33 is not a multiple of patch 16;"
            + " use 32 or 48 (line 5)",
        failure(ConfigJson.write(CONFIG).replace("\"imageSize\" : 32", "\"imageSize\" : 33")));
  }

  @Test
  void namesAMissingKeyAndBrokenJson() {
    String missing = failure(ConfigJson.write(CONFIG).replace("\"patchSize\" : 16,", ""));
    assertEquals(true, missing.contains("patchSize"), missing);
    assertEquals("config.json: architecture.vision.patchSize is missing (line 5)", missing);
    String broken = failure("{\"format\": 1,");
    assertEquals(true, broken.startsWith("config.json: not valid JSON"), broken);
  }

  @Test
  void saysWhatWasFoundAndWhatIsExpected() {
    String json = ConfigJson.write(CONFIG);
    assertEquals(
        "config.json: task is \"PRETRIAN\"; expected one of PRETRAIN, CAPTION, RETRIEVAL, VQA,"
            + " NLVR, DIALOGUE; did you mean PRETRAIN? (line 3)",
        failure(json.replace("\"PRETRAIN\"", "\"PRETRIAN\"")));
    assertEquals(
        "config.json: architecture.vision.width is \"32\"; expected a whole number (line 8)",
        failure(json.replaceFirst("\"width\" : 32", "\"width\" : \"32\"")));
    assertEquals(
        "config.json: textSettings is missing", failure(nulled(json)).replaceAll(" \\(.*", ""));
    assertEquals(
        "config.json: the content is a list of 0; expected an object", start(failure("[]")));
    assertEquals("config.json: empty; expected JSON", failure(" "));
    String deep = failure("[".repeat(2000));
    assertEquals(false, deep.contains("StreamReadConstraints"), deep);
  }

  private static String nulled(String json) {
    return json.replaceFirst("(?s)\"textSettings\" : \\{.*?\\}", "\"textSettings\" : null");
  }

  private static String start(String message) {
    return message.replaceAll(", \\{.*", "");
  }

  private static String failure(String text) {
    return assertThrows(
            IllegalArgumentException.class,
            () -> ConfigJson.parse(text, "config.json", ModelConfig.class))
        .getMessage();
  }
}
