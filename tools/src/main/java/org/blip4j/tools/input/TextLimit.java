package org.blip4j.tools.input;

import java.util.List;
import java.util.Optional;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.savedmodel.open.ServingModel;

/**
 * How long a text may be: models cut texts at what they were trained with, 35 tokens as a rule, but
 * one that has more than there are positions is no caption, and is refused.
 *
 * @param tokenizer of the model
 * @param most tokens, first and last one included
 */
public record TextLimit(WordPieceTokenizer tokenizer, int most) {

  public static TextLimit of(ServingModel model) {
    return new TextLimit(
        new WordPieceTokenizer(model.vocabulary()),
        model.config().architecture().text().maxPositions());
  }

  /** What is wrong with a text, if anything is. */
  public Optional<String> problem(String text) {
    if (text.length() + 2L <= most) {
      return Optional.empty(); // a token has a character at least
    }
    int tokens = tokenizer.encode(text).length;
    return tokens <= most
        ? Optional.empty()
        : Optional.of(
            "has %d tokens, the model has positions for %d; shorten it".formatted(tokens, most));
  }

  /**
   * Refuses texts.
   *
   * @throws IllegalArgumentException naming the first that is too long
   */
  public void require(List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      int number = i + 1;
      problem(text)
          .ifPresent(
              why -> {
                throw new IllegalArgumentException(
                    "text %d (\"%s...\") %s".formatted(number, text.substring(0, 20), why));
              });
    }
  }
}
