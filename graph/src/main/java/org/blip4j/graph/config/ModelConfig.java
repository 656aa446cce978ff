package org.blip4j.graph.config;

import java.util.Objects;

/**
 * What a model folder's {@code config.json} says.
 *
 * @param format version of this layout, {@link #FORMAT}
 * @param task what the weights are for
 * @param architecture sizes
 * @param textSettings how texts are prepared
 * @param provenance where the weights come from
 */
public record ModelConfig(
    int format,
    Task task,
    BlipConfig architecture,
    TextSettings textSettings,
    Provenance provenance,
    @Meaning(
            value =
                "of the training of the decoder, which the ranking of answers uses, too; the"
                    + " published value where the file does not say it",
            absent = "0.1")
        double labelSmoothing) {
  /** The layout written by this version. */
  public static final int FORMAT = 1;

  /** Checks that all parts are there and that the layout is known. */
  public ModelConfig {
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "format is " + format + "; this version reads format " + FORMAT);
    }
    Objects.requireNonNull(task, "task is missing");
    Objects.requireNonNull(architecture, "architecture is missing");
    Objects.requireNonNull(textSettings, "textSettings is missing");
    Objects.requireNonNull(provenance, "provenance is missing");
    Checks.rate("labelSmoothing", labelSmoothing);
    if (textSettings.maxCaptionTokens() > architecture.text().maxPositions()
        || textSettings.matchTokens() > architecture.text().maxPositions()) {
      throw new IllegalArgumentException(
          "textSettings has more tokens than architecture.text.maxPositions "
              + architecture.text().maxPositions());
    }
  }

  /** A configuration of the present layout, with the published label smoothing. */
  public static ModelConfig of(
      Task task, BlipConfig architecture, TextSettings textSettings, Provenance provenance) {
    double published = ObjectiveConfig.published().labelSmoothing();
    return new ModelConfig(FORMAT, task, architecture, textSettings, provenance, published);
  }

  /** The same for a decoder that was trained with another label smoothing. */
  public ModelConfig withLabelSmoothing(double other) {
    return new ModelConfig(format, task, architecture, textSettings, provenance, other);
  }

  /**
   * Where weights come from.
   *
   * @param source the file or run that they were read from or trained in
   * @param version version of this program that wrote them
   * @param commit its git commit, or {@code unknown}
   * @param step training steps taken, 0 for imported weights
   */
  public record Provenance(String source, String version, String commit, long step) {}
}
