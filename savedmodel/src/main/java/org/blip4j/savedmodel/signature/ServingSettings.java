package org.blip4j.savedmodel.signature;

import java.util.Objects;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.decode.DecodingSettings;

/**
 * What is fixed when a graph is built, and so baked into an exported model.
 *
 * @param search how {@code caption}, {@code caption_prompted} and {@code vqa} find a text
 * @param sampling how {@code caption_sample} draws one
 * @param prompt what every caption begins with; not part of the answer
 * @param matchToken what a text to be matched, or a question, begins with, and whether it is
 *     cleaned
 * @param expectedBatch about how many images come at once; decides speed, not results
 */
public record ServingSettings(
    DecodingSettings.Beams search,
    DecodingSettings.Sampling sampling,
    String prompt,
    MatchToken matchToken,
    int expectedBatch) {

  /** First tokens of matching (blip-spec T3). */
  public enum MatchToken {
    /** [ENC], as trained, and evaluated on cleaned texts. */
    ENC,
    /**
     * [CLS], as the published stand-alone matching model and Hugging Face, which take a text as it
     * stands; to compare with them.
     */
    CLS
  }

  /** Checks the parts. */
  public ServingSettings {
    Objects.requireNonNull(search, "search");
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(prompt, "prompt; \"\" means none");
    Objects.requireNonNull(matchToken, "matchToken");
    if (sampling.samples() != 1) {
      throw new IllegalArgumentException(
          "a signature gives one sample a row; repeat the image with other seeds for "
              + sampling.samples());
    }
    if (expectedBatch < 1) {
      throw new IllegalArgumentException(
          "expected batch " + expectedBatch + " is less than 1; use about what will come at once");
    }
  }

  /** The published settings: beam search with 3 beams, nucleus 0.9, the model's own lengths. */
  public static ServingSettings of(TextSettings texts) {
    DecodingSettings.Lengths lengths =
        new DecodingSettings.Lengths(texts.minCaptionTokens(), texts.maxCaptionTokens());
    return new ServingSettings(
        DecodingSettings.Beams.captions().withLengths(lengths),
        DecodingSettings.Sampling.nucleus(0.9).withLengths(lengths),
        texts.prompt(),
        MatchToken.ENC,
        1);
  }

  /**
   * Fails if a model cannot generate with these settings.
   *
   * @throws IllegalArgumentException if it has too few positions or tokens
   */
  void requireFit(TextConfig text) {
    int longest = Math.max(search.lengths().maximum(), sampling.lengths().maximum());
    if (longest > text.maxPositions()) {
      throw new IllegalArgumentException(
          "maximum length %d is more than the %d positions of the model"
              .formatted(longest, text.maxPositions()));
    }
    if (2L * search.beams() > text.vocabularySize()) {
      throw new IllegalArgumentException(
          "beams %d are too many for a vocabulary of %d tokens; use %d or fewer"
              .formatted(search.beams(), text.vocabularySize(), text.vocabularySize() / 2));
    }
  }

  /** The same with another number of beams, 1 for greedy search; the model's own lengths stay. */
  public ServingSettings withBeams(int beams) {
    return withSearch(search.withBeams(beams));
  }

  /** The same with another length of captions or answers, searched or drawn. */
  public ServingSettings withLengths(DecodingSettings.Lengths lengths) {
    return withSearch(search.withLengths(lengths)).withSampling(sampling.withLengths(lengths));
  }

  /** The same with another search. */
  public ServingSettings withSearch(DecodingSettings.Beams other) {
    return new ServingSettings(other, sampling, prompt, matchToken, expectedBatch);
  }

  /** The same with another way of drawing. */
  public ServingSettings withSampling(DecodingSettings.Sampling other) {
    return new ServingSettings(search, other, prompt, matchToken, expectedBatch);
  }

  /** The same with another prompt. */
  public ServingSettings withPrompt(String other) {
    return new ServingSettings(search, sampling, other, matchToken, expectedBatch);
  }

  /** The same with another first token for matching. */
  public ServingSettings withMatchToken(MatchToken other) {
    return new ServingSettings(search, sampling, prompt, other, expectedBatch);
  }

  /** The same for another number of images at once. */
  public ServingSettings withExpectedBatch(int batch) {
    return new ServingSettings(search, sampling, prompt, matchToken, batch);
  }
}
