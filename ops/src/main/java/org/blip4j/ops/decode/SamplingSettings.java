package org.blip4j.ops.decode;

import java.util.Objects;

/**
 * Nucleus sampling (Holtzman et al. 2020; blip-spec 8.4).
 *
 * @param warping which of the next tokens may be drawn, and how likely
 * @param samples texts drawn for each prompt
 * @param lengths how long texts may and must become
 * @param repetitionPenalty acts on logits
 */
public record SamplingSettings(
    Warping warping, int samples, LengthLimits lengths, double repetitionPenalty)
    implements DecodingSettings {

  /** Checks the numbers. */
  public SamplingSettings {
    Objects.requireNonNull(warping, "warping");
    Objects.requireNonNull(lengths, "lengths");
    if (samples < 1) {
      throw new IllegalArgumentException("samples " + samples + " is less than 1; use 1 or more");
    }
    DecodingSettings.requirePenalty(repetitionPenalty);
  }

  /** What the published code does for a given p: top-k 50 and penalty 1.1 come with it. */
  public static SamplingSettings nucleus(double topP) {
    return new SamplingSettings(new Warping(1, 50, topP), 1, LengthLimits.CAPTION, 1.1);
  }

  /** The same with another choice of tokens. */
  public SamplingSettings withWarping(Warping other) {
    return new SamplingSettings(other, samples, lengths, repetitionPenalty);
  }

  /** The same with another number of texts for each prompt. */
  public SamplingSettings withSamples(int count) {
    return new SamplingSettings(warping, count, lengths, repetitionPenalty);
  }

  /** The same with other lengths. */
  public SamplingSettings withLengths(LengthLimits limits) {
    return new SamplingSettings(warping, samples, limits, repetitionPenalty);
  }

  /** The same with another penalty. */
  public SamplingSettings withRepetitionPenalty(double penalty) {
    return new SamplingSettings(warping, samples, lengths, penalty);
  }

  @Override
  public int rowsPerText() {
    return samples;
  }
}
