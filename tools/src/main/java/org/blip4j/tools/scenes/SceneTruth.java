package org.blip4j.tools.scenes;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.blip4j.data.file.AtomicFile;

/**
 * What is known of one picture of the quickstart's sets, a line of {@code truth.jsonl}.
 *
 * @param key the record's key
 * @param text the text of the record
 * @param kind how the text came about; {@link WebText.Kind#CAPTION} outside the web set
 * @param right whether the text describes the picture fully
 * @param objects "size color shape" of each object, such as "small red circle"
 */
@JsonPropertyOrder({"key", "text", "kind", "right", "objects"})
public record SceneTruth(
    String key, String text, WebText.Kind kind, boolean right, List<String> objects) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Copies the list and refuses looks that no scene has. */
  public SceneTruth {
    objects = ImmutableList.copyOf(objects);
    SceneCaption.ofWords(objects);
  }

  public static SceneTruth of(String key, WebText text, Scene scene) {
    return new SceneTruth(
        key,
        text.text(),
        text.kind(),
        text.right(),
        scene.looks().stream().map(Appearance::words).toList());
  }

  /** Whether {@code caption} tells what captions tell of such a picture, and nothing else. */
  public boolean isFullyRight(String caption) {
    return SceneCaption.isFullyRight(caption, SceneCaption.ofWords(objects).objects());
  }

  /** One name for all captions of the same content: two pictures with it cannot be told apart. */
  @JsonIgnore
  public String description() {
    return objects.stream().sorted().collect(Collectors.joining(" + "));
  }

  /** The captions that generated ones are measured against: all right ones without an opening. */
  @JsonIgnore
  public ImmutableList<String> references() {
    return SceneCaption.allOf(SceneCaption.ofWords(objects).objects());
  }

  /** Writes one line each. */
  static void write(Path file, List<SceneTruth> truths) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (SceneTruth truth : truths) {
      lines.append(MAPPER.writeValueAsString(truth)).append('\n');
    }
    AtomicFile.write(file, lines.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Reads a {@code truth.jsonl} by key, in the order of its lines. */
  public static ImmutableMap<String, SceneTruth> read(Path file) throws IOException {
    ImmutableMap.Builder<String, SceneTruth> truths = ImmutableMap.builder();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      try {
        SceneTruth truth = MAPPER.readValue(line, SceneTruth.class);
        truths.put(truth.key(), truth);
      } catch (JsonProcessingException e) {
        throw new IOException(
            file + ", line " + number + " is no truth of a scene; make the data anew", e);
      }
    }
    return truths.buildOrThrow();
  }
}
