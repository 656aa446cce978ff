package org.blip4j.savedmodel.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.text.Vocabulary;

/** Finds the word pieces of a folder: {@code vocab.txt}, otherwise {@code tokenizer.json}. */
public final class VocabularyFiles {
  private VocabularyFiles() {}

  /**
   * The vocabulary of a folder; empty if it has neither file.
   *
   * @throws IOException if the file that is there cannot be used; says why
   */
  public static Optional<Vocabulary> find(Path folder) throws IOException {
    Path lines = folder.resolve("vocab.txt");
    if (Files.isRegularFile(lines)) {
      return Optional.of(Vocabulary.read(lines));
    }
    Path tokenizer = folder.resolve("tokenizer.json");
    return Files.isRegularFile(tokenizer)
        ? Optional.of(readTokenizer(tokenizer))
        : Optional.empty();
  }

  /**
   * The content of a JSON file.
   *
   * @throws IOException that names file and line, if it is not JSON
   */
  public static JsonNode json(Path file) throws IOException {
    try {
      return JsonFile.read(file).tree();
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Vocabulary readTokenizer(Path file) throws IOException {
    JsonNode tokenizer = json(file);
    String type = tokenizer.path("model").path("type").asText("WordPiece");
    if (!type.equals("WordPiece")) {
      throw new IOException(file + ": a tokenizer of type " + type + "; BLIP needs WordPiece");
    }
    Map<Integer, String> tokens = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : tokenizer.path("model").path("vocab").properties()) {
      put(file, tokens, entry.getValue().asInt(-1), entry.getKey());
    }
    for (JsonNode added : tokenizer.path("added_tokens")) {
      put(file, tokens, added.path("id").asInt(-1), added.path("content").asText());
    }
    List<String> inOrder = new ArrayList<>();
    for (Map.Entry<Integer, String> entry : tokens.entrySet()) {
      if (entry.getKey() != inOrder.size()) {
        throw new IOException(file + ": no word piece has the id " + inOrder.size());
      }
      inOrder.add(entry.getValue());
    }
    try {
      return Vocabulary.of(inOrder);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static void put(Path file, Map<Integer, String> tokens, int id, String token)
      throws IOException {
    String before = tokens.putIfAbsent(id, token);
    if (before != null && !before.equals(token)) {
      throw new IOException(
          "%s: the id %d belongs to both '%s' and '%s'".formatted(file, id, before, token));
    }
  }
}
