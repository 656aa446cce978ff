package org.blip4j.ops.decode;

/** How texts are chosen: by search or by sampling. */
public sealed interface DecodingSettings permits BeamSettings, SamplingSettings {

  /** How long texts may and must become. */
  LengthLimits lengths();

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
}
