package org.blip4j.tools.bootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.training.config.RunConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootstrapConfigTest {
  @TempDir private Path folder;

  private BootstrapConfig read(String pretrain, String capfilt) throws IOException {
    return read(pretrain, capfilt, BootstrapConfig.Changes.NONE);
  }

  private BootstrapConfig read(String pretrain, String capfilt, BootstrapConfig.Changes changes)
      throws IOException {
    Path file = folder.resolve("bootstrap.json");
    Files.writeString(
        file,
        """
        {"human": ["human"], "web": ["web/*.tfrecord"], "pretrain": %s, "captioner": {},
         "filter": {}, "capfilt": %s}
        """
            .formatted(pretrain, capfilt));
    return BootstrapConfig.read(file, changes);
  }

  private String refused(String pretrain, String capfilt) {
    return assertThrows(IllegalArgumentException.class, () -> read(pretrain, capfilt)).getMessage();
  }

  @Test
  void takesThePublishedRecipesWhereNothingIsSaid() throws IOException {
    BootstrapConfig config = read("{}", "{}");
    assertEquals(RunConfig.published(Task.PRETRAIN), config.pretrain());
    assertEquals(RunConfig.published(Task.CAPTION), config.captioner());
    assertEquals(RunConfig.published(Task.RETRIEVAL), config.filter());
    assertEquals(CapFiltSettings.published(TextSettings.published(), 1), config.capfilt());
    assertEquals(List.of(folder.resolve("web/*.tfrecord").toString()), config.web());
  }

  @Test
  void stagesThatAreLeftOutAreThePublishedOnes() throws IOException {
    Path file = folder.resolve("short.json");
    Files.writeString(file, "{\"human\": [\"human\"], \"web\": [\"web/*.tfrecord\"]}");
    assertEquals(read("{}", "{}"), BootstrapConfig.read(file, BootstrapConfig.Changes.NONE));
  }

  @Test
  void theExamplesOfTheDocumentationAreRead() throws IOException {
    assertEquals(32, example("docs/bootstrapping.md").capfiltBatch());
    assertEquals(96, example("docs/real-data.md").captioner().images().size().orElseThrow());
  }

  private BootstrapConfig example(String page) throws IOException {
    String json = Files.readString(Path.of(page)).replaceFirst("(?s).*?```json\\n(.*?)```.*", "$1");
    Path file = Files.writeString(folder.resolve("example.json"), json);
    return BootstrapConfig.read(file, BootstrapConfig.Changes.NONE);
  }

  @Test
  void takesOverWhatDiffers() throws IOException {
    BootstrapConfig config =
        read(
            "{\"duration\": {\"batch\": 75, \"epochs\": 0, \"steps\": 9}, \"vocabulary\":"
                + " \"v.txt\"}",
            "{\"policy\": {\"threshold\": 0.7}}");
    assertEquals(RunConfig.Duration.ofSteps(75, 9), config.pretrain().duration());
    assertEquals(Optional.of(folder.resolve("v.txt").toString()), config.pretrain().vocabulary());
    assertEquals(0.7, config.capfilt().policy().threshold());
    assertEquals(config, ConfigJson.parse(ConfigJson.write(config), "copy", BootstrapConfig.class));
  }

  @Test
  void theCommandLineChangesEveryStage() throws IOException {
    BootstrapConfig.Changes changes =
        new BootstrapConfig.Changes(OptionalLong.of(7), OptionalInt.of(50));
    BootstrapConfig config = read("{}", "{\"seed\": 3}", changes);
    for (RunConfig run : List.of(config.pretrain(), config.captioner(), config.filter())) {
      assertEquals(7, run.seed());
      assertEquals(50, run.duration().batch());
    }
    assertEquals(7, config.capfilt().seed());
    assertEquals(50, config.capfiltBatch());
    assertEquals(3, read("{}", "{\"seed\": 3}").capfilt().seed());
    assertEquals(32, read("{}", "{}").capfiltBatch());
  }

  @Test
  void namesWhatIsWrong() {
    String key = refused("{\"optimiser\": {}}", "{}");
    assertTrue(key.contains("pretrain") && key.contains("did you mean optimizer"), key);
    String nested = refused("{}", "{\"policy\": {\"treshold\": 0.7}}");
    assertTrue(nested.contains("capfilt") && nested.contains("threshold"), nested);
    String batch = refused("{\"duration\": {\"batch\": 77, \"epochs\": 1, \"steps\": 0}}", "{}");
    assertTrue(batch.contains("batch 77 does not divide"), batch);
    String object = refused("7", "{}");
    assertTrue(object.contains("pretrain is not a JSON object"), object);
  }
}
