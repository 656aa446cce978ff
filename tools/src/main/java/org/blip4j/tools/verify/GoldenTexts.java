package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.SpecialTokens;

/**
 * The tokenizer of a golden with its settings.
 *
 * @param tokenizer over the golden's own vocabulary
 * @param padding as the configuration says
 * @param maxTokens texts are cut there; no limit if the configuration has none
 */
record GoldenTexts(WordPieceTokenizer tokenizer, Padding padding, int maxTokens) {

  /** Reads vocabulary and settings, and checks that both agree. */
  static GoldenTexts of(Golden golden) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    String file = config.node().path("vocabulary").asText("vocab.txt");
    Vocabulary vocabulary = Vocabulary.read(golden.file(file));
    SpecialTokens wanted = config.blip().text().tokens();
    SpecialTokens found =
        new SpecialTokens(
            vocabulary.pad(),
            vocabulary.unknown(),
            vocabulary.classify(),
            vocabulary.separator(),
            vocabulary.mask(),
            vocabulary.decode(),
            vocabulary.encode());
    if (vocabulary.size() != config.integer("vocab_size") || !found.equals(wanted)) {
      throw new IOException(
          "%s has %d words with %s, config.json says %d with %s"
              .formatted(file, vocabulary.size(), found, config.integer("vocab_size"), wanted));
    }
    String padding = config.node().path("text_padding").asText();
    return new GoldenTexts(
        new WordPieceTokenizer(vocabulary),
        switch (padding) {
          case "max_length" -> Padding.maxLength();
          case "longest" -> Padding.longest();
          default -> throw new IOException("config.json: unknown text_padding " + padding);
        },
        config.node().hasNonNull("text_max_length")
            ? config.integer("text_max_length")
            : WordPieceTokenizer.NO_LIMIT);
  }

  /** The ids of texts. */
  TokenBatch encode(List<String> texts) {
    return tokenizer.encode(texts, padding, maxTokens);
  }

  /** A list of strings in {@code cases.json}. */
  static List<String> strings(JsonNode list) throws IOException {
    if (!list.isArray()) {
      throw new IOException("cases.json lacks a list of strings");
    }
    List<String> strings = new ArrayList<>();
    list.forEach(node -> strings.add(node.asText()));
    return strings;
  }

  /** Ids as values. */
  static Values ids(TokenBatch batch) {
    return Values.of(batch.ids(), batch.rows(), batch.columns());
  }

  /** Mask as values. */
  static Values mask(TokenBatch batch) {
    return Values.of(batch.mask(), batch.rows(), batch.columns());
  }
}
