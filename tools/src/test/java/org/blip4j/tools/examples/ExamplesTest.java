package org.blip4j.tools.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.blip4j.graph.config.BlipConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;

final class ExamplesTest {
  @TempDir Path folder;

  @Test
  void buildsAModelInAGraphOfOnesOwn() {
    try (Graph graph = new Graph()) {
      assertArrayEquals(
          new long[] {-1, 2}, BuildModel.build(graph, BlipConfig.tiny()).shape().asArray());
    }
  }

  @Test
  void saysThatAFolderIsNoModel() {
    IOException error = assertThrows(IOException.class, () -> CaptionPhotos.run(folder, List.of()));
    assertTrue(error.getMessage().contains(folder.toString()), error.getMessage());
  }

  @Test
  void theReadmeShowsTheExamplesAsTheyAre() throws IOException {
    Path root = Path.of("").toAbsolutePath().getParent();
    String readme = squeeze(Files.readString(root.resolve("README.md"), StandardCharsets.UTF_8));
    String snippet = readme.substring(readme.indexOf("```java") + 7);
    snippet = snippet.substring(0, snippet.indexOf("```"));
    String example =
        squeeze(
            Files.readString(
                Path.of("src/main/java/org/blip4j/tools/examples/CaptionPhotos.java"),
                StandardCharsets.UTF_8));
    for (String statement : snippet.split(";", -1)) {
      assertTrue(example.contains(statement.strip()), statement);
    }
  }

  private static String squeeze(String text) {
    return Arrays.stream(text.split("\\s+", -1)).collect(Collectors.joining(" "));
  }
}
