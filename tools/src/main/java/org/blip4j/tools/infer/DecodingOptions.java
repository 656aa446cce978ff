package org.blip4j.tools.infer;

import java.util.Locale;
import java.util.Optional;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.LengthNormalization;
import org.blip4j.ops.decode.Warping;
import org.blip4j.savedmodel.signature.ServingSettings;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How captions are found or drawn. */
public final class DecodingOptions {
  @Option(names = "--beams", paramLabel = "K", description = "Beam search with K beams (3).")
  private Integer beams;

  @Option(names = "--greedy", description = "The likeliest token each time: one beam.")
  private boolean greedy;

  @Option(
      names = "--nucleus",
      paramLabel = "P",
      description = "Draw from the likeliest tokens that make up P, for example 0.9.")
  private Double nucleus;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "With --nucleus: from the K likeliest at most (50; 0 is all).")
  private Integer topK;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "With --nucleus: flatten (above 1) or sharpen the choice (1).")
  private Double temperature;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "How captions begin (the model's own prompt); not printed.")
  private String prompt;

  @Mixin private Lengths lengths;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "R",
      description = "Above 1: used tokens become less likely (1; with --nucleus 1.1).")
  private Double penalty;

  @Option(
      names = "--length-norm",
      paramLabel = "whole|generated",
      description =
          "The length that beams are compared by: whole, as published, or generated, without the"
              + " prompt, as transformers does since 4.3x (whole).")
  private String normalization;

  /** Whether captions are drawn instead of searched. */
  boolean sampling() {
    return nucleus != null;
  }

  /** Whether a prompt is given. */
  boolean prompted() {
    return prompt != null;
  }

  /** Refuses options that contradict each other when one caption is asked for. */
  void requireOneWay() {
    if (greedy && beams != null && beams != 1) {
      throw new IllegalArgumentException("--greedy is one beam; leave --beams " + beams + " away");
    }
    if (sampling() && (greedy || beams != null || normalization != null)) {
      throw new IllegalArgumentException(
          "--nucleus draws and does not search; leave --beams, --greedy and --length-norm away");
    }
  }

  /** The model's settings with those of the options in their place. */
  public ServingSettings adjust(ServingSettings own) {
    if (!sampling() && (topK != null || temperature != null)) {
      throw new IllegalArgumentException(
          "--top-k and --temperature need --nucleus P (1 keeps all tokens)");
    }
    DecodingSettings.Lengths limits = lengths.of(own.search().lengths());
    DecodingSettings.Beams search = own.search().withLengths(limits);
    DecodingSettings.Sampling sampling = own.sampling().withLengths(limits);
    if (greedy || beams != null) {
      search = search.withBeams(greedy ? 1 : beams);
    }
    if (normalization != null) {
      search = search.withNormalization(normalization());
    }
    if (nucleus != null) {
      Warping warping = sampling.warping();
      sampling =
          sampling.withWarping(
              new Warping(
                  Optional.ofNullable(temperature).orElse(warping.temperature()),
                  Optional.ofNullable(topK).orElse(warping.topK()),
                  nucleus));
    }
    if (penalty != null) {
      search = search.withRepetitionPenalty(penalty);
      sampling = sampling.withRepetitionPenalty(penalty);
    }
    ServingSettings changed = own.withSearch(search).withSampling(sampling);
    return prompt == null ? changed : changed.withPrompt(prompt);
  }

  private LengthNormalization normalization() {
    return switch (normalization.toLowerCase(Locale.ROOT)) {
      case "whole" -> LengthNormalization.WHOLE;
      case "generated" -> LengthNormalization.GENERATED;
      default ->
          throw new IllegalArgumentException(
              "--length-norm " + normalization + " is unknown; use whole or generated");
    };
  }

  /** How long written texts may and must become; mixed into whatever writes some. */
  public static final class Lengths {
    @Option(
        names = "--min-length",
        paramLabel = "N",
        description = "Tokens at least, start and prompt counted (the model's own).")
    private Integer minimum;

    @Option(
        names = "--max-length",
        paramLabel = "N",
        description = "Tokens at most, start, prompt and end counted (the model's own).")
    private Integer maximum;

    /** Whether one of them is given. */
    public boolean given() {
      return minimum != null || maximum != null;
    }

    /** A model's limits with those of the options in their place. */
    public DecodingSettings.Lengths of(DecodingSettings.Lengths own) {
      int most = Optional.ofNullable(maximum).orElse(own.maximum());
      int least = Optional.ofNullable(minimum).orElse(Math.min(own.minimum(), Math.max(0, most)));
      return new DecodingSettings.Lengths(least, most);
    }
  }
}
