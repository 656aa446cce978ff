package org.blip4j.tools.quickstart;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.file.AtomicFile;

/**
 * What a model said of the held-out pictures, and what it is worth.
 *
 * @param figures the measures
 * @param captions one for each held-out picture, in their order
 */
record ModelAnswers(ModelFigures figures, List<String> captions) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Copies the list. */
  ModelAnswers {
    captions = ImmutableList.copyOf(captions);
  }

  void write(Path file) throws IOException {
    AtomicFile.write(file, MAPPER.writeValueAsString(this).getBytes(StandardCharsets.UTF_8));
  }

  static ModelAnswers read(Path file) throws IOException {
    return MAPPER.readValue(Files.readAllBytes(file), ModelAnswers.class);
  }

  ImmutableMap<String, Double> asMap() {
    return ImmutableMap.of(
        "captions_right", figures.captionsRight(),
        "cider", figures.cider(),
        "r1_image_to_text", figures.r1ImageToText(),
        "r1_text_to_image", figures.r1TextToImage());
  }
}
