package org.blip4j.savedmodel.open;

import java.util.Objects;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ModelConfig;

/**
 * What a model is, apart from its weights.
 *
 * @param config architecture, task, how texts are prepared, provenance
 * @param vocabulary its word pieces
 * @see OpenModel
 */
public record ServingModel(ModelConfig config, Vocabulary vocabulary) {
  /** Checks that the vocabulary fits the word table. */
  public ServingModel {
    Objects.requireNonNull(config, "config");
    int rows = config.architecture().text().vocabularySize();
    if (vocabulary.size() != rows) {
      throw new IllegalArgumentException(
          "vocab.txt has %d tokens ([DEC] and [ENC] included), but architecture.text.vocabularySize"
                  .formatted(vocabulary.size())
              + " is "
              + rows
              + "; they do not belong together");
    }
  }
}
