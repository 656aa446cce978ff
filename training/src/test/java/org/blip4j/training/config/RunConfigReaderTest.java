package org.blip4j.training.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.junit.jupiter.api.Test;

class RunConfigReaderTest {
  private static final Path FOLDER = Path.of("/a/folder");

  private static RunConfig changed(String json) {
    ObjectNode changes = (ObjectNode) ConfigJson.tree(json, "here");
    return RunConfigReader.of(Task.PRETRAIN).changes(changes, "here", FOLDER).config();
  }

  @Test
  void changesPartsAndKeepsTheRest() {
    RunConfig config = changed("{\"optimizer\": {\"clipNorm\": 2}, \"vocabulary\": \"v.txt\"}");
    assertEquals(Optional.of(2.0), config.optimizer().clipNorm());
    assertEquals(0.05, config.optimizer().weightDecay());
    assertEquals(Optional.of("/a/folder/v.txt"), config.vocabulary());
  }

  @Test
  void namesThePlaceAndTheNearestKey() {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> changed("{\"optimiser\": {}}"));
    assertTrue(refused.getMessage().startsWith("here: unknown key optimiser"), refused.toString());
    assertTrue(refused.getMessage().contains("optimizer?"), refused.toString());
  }
}
