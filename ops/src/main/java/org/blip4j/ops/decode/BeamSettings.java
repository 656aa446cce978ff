package org.blip4j.ops.decode;

import java.util.Objects;

/**
 * Beam search, or greedy search with one beam.
 *
 * @param beams hypotheses that are followed, K
 * @param lengths how long texts may and must become
 * @param repetitionPenalty acts on log-probabilities with several beams, on logits with one
 * @param normalization the length that scores are divided by
 */
public record BeamSettings(
    int beams, LengthLimits lengths, double repetitionPenalty, LengthNormalization normalization)
    implements DecodingSettings {

  /** Checks the numbers. */
  public BeamSettings {
    if (beams < 1) {
      throw new IllegalArgumentException(
          "beams " + beams + " is less than 1; use 1 for greedy search, 3 for captions");
    }
    Objects.requireNonNull(lengths, "lengths");
    Objects.requireNonNull(normalization, "normalization");
    DecodingSettings.requirePenalty(repetitionPenalty);
  }

  /** The published search for captions: 3 beams, 5 to 20 ids, no penalty. */
  public static BeamSettings captions() {
    return new BeamSettings(3, LengthLimits.CAPTION, 1, LengthNormalization.WHOLE);
  }

  /** The same with another number of beams. */
  public BeamSettings withBeams(int count) {
    return new BeamSettings(count, lengths, repetitionPenalty, normalization);
  }

  /** The same with other lengths. */
  public BeamSettings withLengths(LengthLimits limits) {
    return new BeamSettings(beams, limits, repetitionPenalty, normalization);
  }

  /** The same with another penalty. */
  public BeamSettings withRepetitionPenalty(double penalty) {
    return new BeamSettings(beams, lengths, penalty, normalization);
  }

  /** The same with another normalisation. */
  public BeamSettings withNormalization(LengthNormalization other) {
    return new BeamSettings(beams, lengths, repetitionPenalty, other);
  }

  @Override
  public int rowsPerText() {
    return beams;
  }
}
