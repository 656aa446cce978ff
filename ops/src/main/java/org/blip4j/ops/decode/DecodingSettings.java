package org.blip4j.ops.decode;

import java.util.Objects;

/** How texts are chosen: by search or by sampling. */
public sealed interface DecodingSettings permits DecodingSettings.Beams, DecodingSettings.Sampling {

  /** How long texts may and must become. */
  Lengths lengths();

  /** Factor by which ids that were used become less likely; 1 changes nothing. */
  double repetitionPenalty();

  /** How many rows the model runs on for each text. */
  int rowsPerText();

  /** Fails on a penalty that is not a positive number. */
  static void requirePenalty(double repetitionPenalty) {
    if (!(repetitionPenalty > 0 && Double.isFinite(repetitionPenalty))) {
      throw new IllegalArgumentException(
          "repetition penalty "
              + repetitionPenalty
              + " must be a positive number; 1 switches it off, 1.1 is usual");
    }
  }

  /**
   * The two ids that generation itself has to know.
   *
   * @param end ends a text
   * @param padding fills up what follows the end
   */
  record EndTokens(long end, long padding) {}

  /**
   * How long a text may and must become; both numbers count the start token and the prompt.
   *
   * @param minimum the end token is forbidden while the text has fewer ids
   * @param maximum the text is cut off at so many ids, the end token included
   */
  record Lengths(int minimum, int maximum) {
    /** The published lengths of captions. */
    public static final Lengths CAPTION = new Lengths(5, 20);

    /** Checks the numbers against each other. */
    public Lengths {
      if (maximum < 2) {
        throw new IllegalArgumentException(
            "maximum length "
                + maximum
                + " leaves no room after the start token; use 2 or more (it counts the prompt)");
      }
      if (minimum < 0 || minimum > maximum) {
        throw new IllegalArgumentException(
            "minimum length %d must be between 0 and the maximum length %d"
                .formatted(minimum, maximum));
      }
    }
  }

  /**
   * Beam search, or greedy search with one beam.
   *
   * @param beams hypotheses that are followed, K
   * @param lengths how long texts may and must become
   * @param repetitionPenalty acts on log-probabilities with several beams, on logits with one
   * @param normalization the length that scores are divided by
   */
  record Beams(
      int beams,
      DecodingSettings.Lengths lengths,
      double repetitionPenalty,
      LengthNormalization normalization)
      implements DecodingSettings {

    /** Checks the numbers. */
    public Beams {
      if (beams < 1) {
        throw new IllegalArgumentException(
            "beams " + beams + " is less than 1; use 1 for greedy search, 3 for captions");
      }
      Objects.requireNonNull(lengths, "lengths");
      Objects.requireNonNull(normalization, "normalization");
      DecodingSettings.requirePenalty(repetitionPenalty);
    }

    /** The published search for captions: 3 beams, 5 to 20 ids, no penalty. */
    public static Beams captions() {
      return new Beams(3, DecodingSettings.Lengths.CAPTION, 1, LengthNormalization.WHOLE);
    }

    /** The same with another number of beams. */
    public Beams withBeams(int count) {
      return new Beams(count, lengths, repetitionPenalty, normalization);
    }

    /** The same with other lengths. */
    public Beams withLengths(DecodingSettings.Lengths limits) {
      return new Beams(beams, limits, repetitionPenalty, normalization);
    }

    /** The same with another penalty. */
    public Beams withRepetitionPenalty(double penalty) {
      return new Beams(beams, lengths, penalty, normalization);
    }

    /** The same with another normalisation. */
    public Beams withNormalization(LengthNormalization other) {
      return new Beams(beams, lengths, repetitionPenalty, other);
    }

    @Override
    public int rowsPerText() {
      return beams;
    }
  }

  /**
   * Nucleus sampling (Holtzman et al. 2020; blip-spec 8.4).
   *
   * @param warping which of the next tokens may be drawn, and how likely
   * @param samples texts drawn for each prompt
   * @param lengths how long texts may and must become
   * @param repetitionPenalty acts on logits
   */
  record Sampling(
      Warping warping, int samples, DecodingSettings.Lengths lengths, double repetitionPenalty)
      implements DecodingSettings {

    /** Checks the numbers. */
    public Sampling {
      Objects.requireNonNull(warping, "warping");
      Objects.requireNonNull(lengths, "lengths");
      if (samples < 1) {
        throw new IllegalArgumentException("samples " + samples + " is less than 1; use 1 or more");
      }
      DecodingSettings.requirePenalty(repetitionPenalty);
    }

    /** What the published code does for a given p: top-k 50 and penalty 1.1 come with it. */
    public static Sampling nucleus(double topP) {
      return new Sampling(new Warping(1, 50, topP), 1, DecodingSettings.Lengths.CAPTION, 1.1);
    }

    /** The same with another choice of tokens. */
    public Sampling withWarping(Warping other) {
      return new Sampling(other, samples, lengths, repetitionPenalty);
    }

    /** The same with another number of texts for each prompt. */
    public Sampling withSamples(int count) {
      return new Sampling(warping, count, lengths, repetitionPenalty);
    }

    /** The same with other lengths. */
    public Sampling withLengths(DecodingSettings.Lengths limits) {
      return new Sampling(warping, samples, limits, repetitionPenalty);
    }

    /** The same with another penalty. */
    public Sampling withRepetitionPenalty(double penalty) {
      return new Sampling(warping, samples, lengths, penalty);
    }

    @Override
    public int rowsPerText() {
      return samples;
    }
  }
}
