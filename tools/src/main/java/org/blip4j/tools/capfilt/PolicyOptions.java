package org.blip4j.tools.capfilt;

import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import picocli.CommandLine.Option;

/** Options of {@code capfilt} that decide what is written and kept. */
final class PolicyOptions {
  @Option(
      names = "--nucleus",
      paramLabel = "P",
      description = "Sample from the likeliest tokens of this mass (0.9).")
  private double nucleus = 0.9;

  @Option(
      names = "--beams",
      paramLabel = "K",
      description = "Beam search of this width instead of sampling.")
  private int beams;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description = "Makes tokens that are there already less likely (1.1; 1 with --beams).")
  private Double penalty;

  @Option(
      names = "--min-length",
      paramLabel = "N",
      description = "Shortest text in tokens, prompt counted (the model's own, 5).")
  private Integer minLength;

  @Option(
      names = "--max-length",
      paramLabel = "N",
      description = "Longest text in tokens, prompt counted (the model's own, 20).")
  private Integer maxLength;

  @Option(names = "--candidates", paramLabel = "N", description = "Texts sampled an image (1).")
  private int candidates = 1;

  @Option(
      names = "--keep-top",
      paramLabel = "K",
      description = "Best candidates that come before the filter (1).")
  private int keepTop = 1;

  @Option(
      names = "--rank",
      paramLabel = "itm|itc",
      description = "Score that the best candidates are found by (itm).")
  private CapFiltPolicy.Rank rank = CapFiltPolicy.Rank.itm;

  @Option(
      names = "--threshold",
      paramLabel = "T",
      description = "Least match probability of a kept text (0.5).")
  private double threshold = 0.5;

  @Option(
      names = "--texts",
      paramLabel = "web|synthetic|both",
      description = "Which texts take part (both).")
  private CapFiltPolicy.Texts texts = CapFiltPolicy.Texts.both;

  @Option(names = "--no-filter", description = "Keep all texts.")
  private boolean noFilter;

  CapFiltSettings settings(TextSettings own, long seed) {
    double repetition = penalty != null ? penalty : beams > 0 ? 1 : 1.1;
    return new CapFiltSettings(
        new CapFiltPolicy(!noFilter, threshold, texts, keepTop, rank),
        new CapFiltSettings.Generation(
            candidates,
            beams,
            nucleus,
            repetition,
            minLength == null ? own.minCaptionTokens() : minLength,
            maxLength == null ? own.maxCaptionTokens() : maxLength),
        seed);
  }
}
