package org.blip4j.savedmodel.capfilt;

import org.blip4j.ops.decode.LengthLimits;
import org.blip4j.ops.decode.SamplingSettings;

/**
 * How the captioner writes.
 *
 * @param candidates texts an image
 * @param beams 0 for nucleus sampling, otherwise the width of the beam search
 * @param nucleus probability mass that sampling draws from
 * @param repetitionPenalty logits of tokens already there are divided (or multiplied) by it
 * @param minLength shortest text in tokens, the prompt counted
 * @param maxLength longest text in tokens, the prompt counted
 */
public record GenerationSettings(
    int candidates,
    int beams,
    double nucleus,
    double repetitionPenalty,
    int minLength,
    int maxLength) {
  /** Refuses what cannot be generated. */
  public GenerationSettings {
    if (candidates < 1 || beams < 0) {
      throw new IllegalArgumentException(
          "%d candidates and %d beams cannot be; use 1 candidate or more, and 0 beams (sampling) or"
                  .formatted(candidates, beams)
              + " more");
    }
    if (beams > 0 && candidates > 1) {
      throw new IllegalArgumentException(
          "beam search gives the same text each time, %d candidates would be equal; leave --beams out"
              .formatted(candidates));
    }
    if (!(nucleus > 0 && nucleus <= 1)) {
      throw new IllegalArgumentException(
          "nucleus " + nucleus + " is no probability mass; use a number above 0, up to 1");
    }
    if (!(repetitionPenalty >= 1)) {
      throw new IllegalArgumentException(
          "repetition penalty " + repetitionPenalty + " is below 1; use 1 for none");
    }
    if (minLength < 0 || maxLength < 1 || minLength > maxLength) {
      throw new IllegalArgumentException(
          "lengths from %d to %d tokens cannot be; the shortest must not exceed the longest"
              .formatted(minLength, maxLength));
    }
  }

  /** The published way: one text by nucleus sampling at 0.9, 5 to 20 tokens. */
  public static GenerationSettings published() {
    return new GenerationSettings(1, 0, 0.9, 1.1, 5, 20);
  }

  SamplingSettings sampling() {
    return SamplingSettings.nucleus(nucleus)
        .withLengths(new LengthLimits(minLength, maxLength))
        .withRepetitionPenalty(repetitionPenalty);
  }
}
