package org.blip4j.savedmodel.capfilt;

import java.util.Objects;
import java.util.Optional;

/**
 * A text beside an image and what the filter thinks of it.
 *
 * @param text as it came or was written
 * @param source who wrote it
 * @param score empty if no filter was asked
 */
public record ScoredText(String text, TextSource source, Optional<MatchScore> score) {
  /** Refuses missing parts. */
  public ScoredText {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(score, "score");
  }

  MatchScore required() {
    return score.orElseThrow(
        () ->
            new IllegalArgumentException(
                "the text \"" + text + "\" has no score; filtering and ranking need a filter"));
  }
}
