package org.blip4j.graph.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Configurations with characters changed, taken out and put in by chance: each is read, or refused
 * in words. {@code -Dblip.attacks=N} sets how many the slow test tries.
 */
final class ConfigAttackTest {
  private static final int SHORT = 300;
  private static final int LONG = Integer.getInteger("blip.attacks", 20_000);
  private static final String MEANINGFUL = "{}[]\",:-+.0123456789eEtfnu\\\u0000\u00e9 \n";

  @TempDir private Path folder;

  private static String mutated(String whole, Random random) {
    StringBuilder text = new StringBuilder(whole);
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(text.length());
      char other = MEANINGFUL.charAt(random.nextInt(MEANINGFUL.length()));
      switch (random.nextInt(3)) {
        case 0 -> text.setCharAt(at, other);
        case 1 -> text.insert(at, other);
        default -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(30)));
      }
    }
    return text.toString();
  }

  @Test
  void whatStandsAfterTheEndIsSaidInWords() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{}\n7");
    String message =
        assertThrows(IllegalArgumentException.class, () -> ConfigJson.read(file, ModelConfig.class))
            .getMessage();
    assertTrue(
        message.endsWith("not valid JSON: there is more after its end (line 2, column 1)"),
        message);
  }

  private void attack(int rounds) throws IOException {
    ModelConfig config =
        ModelConfig.of(
            Task.PRETRAIN,
            BlipConfig.tiny(),
            TextSettings.published(),
            new ModelConfig.Provenance("test", "test", "unknown", 0));
    Path file = folder.resolve("config.json");
    ConfigJson.write(file, config);
    String whole = Files.readString(file);
    Random random = new Random(rounds);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      String text = mutated(whole, random);
      Files.write(file, text.getBytes(UTF_8));
      try {
        ConfigJson.read(file, ModelConfig.class);
      } catch (IOException | IllegalArgumentException e) {
        refused++;
        assertFalse(e.getMessage().contains("fasterxml"), e.getMessage());
        assertFalse(e.getMessage().contains("java."), e.getMessage());
      } catch (RuntimeException | Error e) {
        fail("round " + round + ": " + text, e);
      }
    }
    assertTrue(refused > rounds / 2, refused + " of " + rounds + " were refused");
  }

  @Test
  void damageIsReadOrRefusedInWords() throws IOException {
    attack(SHORT);
  }

  @Test
  @Tag("slow")
  void damageIsReadOrRefusedInWordsForLong() throws IOException {
    attack(LONG);
  }
}
