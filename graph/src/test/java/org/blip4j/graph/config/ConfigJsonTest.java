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
          new Provenance("test", "0", "unknown", 0));

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
        "config.json: unknown key architecture.vision.imageSiez; did you mean imageSize?",
        failure(ConfigJson.write(CONFIG).replace("\"imageSize\"", "\"imageSiez\"")));
  }

  @Test
  void passesOnWhatARecordFindsWrong() {
    assertEquals(
        "config.json: architecture.vision: image size 33 is not a multiple of patch 16;"
            + " use 32 or 48",
        failure(ConfigJson.write(CONFIG).replace("\"imageSize\" : 32", "\"imageSize\" : 33")));
  }

  @Test
  void namesAMissingKeyAndBrokenJson() {
    String missing = failure(ConfigJson.write(CONFIG).replace("\"patchSize\" : 16,", ""));
    assertEquals(true, missing.contains("patchSize"), missing);
    String broken = failure("{\"format\": 1,");
    assertEquals(true, broken.startsWith("config.json: not valid JSON"), broken);
  }

  private static String failure(String text) {
    return assertThrows(
            IllegalArgumentException.class,
            () -> ConfigJson.parse(text, "config.json", ModelConfig.class))
        .getMessage();
  }
}
