package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;

/**
 * A text beside an image: who wrote it, what the filter thinks of it, and whether it stays.
 *
 * @param text as it came or was written
 * @param source who wrote it
 * @param itmProbability the filter's match probability, 0 to 1; null where no filter was asked
 * @param itcCosine cosine of the filter's contrastive features; null where no filter was asked
 * @param kept whether it is part of the new set
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CapFiltText(
    String text,
    Source source,
    @JsonProperty("itm_probability") Float itmProbability,
    @JsonProperty("itc_cosine") Float itcCosine,
    boolean kept) {
  /** Who wrote a text. */
  public enum Source {
    /** It came with the image. */
    @JsonProperty("web")
    WEB("web"),
    /** The captioner. */
    @JsonProperty("synthetic")
    SYNTHETIC("synthetic");

    private final String word;

    Source(String word) {
      this.word = word;
    }

    /** The name in records and score files. */
    public String word() {
      return word;
    }
  }

  /** Refuses missing parts and what is no probability or no number. */
  public CapFiltText {
    Objects.requireNonNull(text, "text is missing");
    Objects.requireNonNull(source, "source is missing");
    if ((itmProbability == null) != (itcCosine == null)) {
      throw new IllegalArgumentException(
          "itm_probability %s and itc_cosine %s; there must be both or none"
              .formatted(itmProbability, itcCosine));
    }
    if (itmProbability != null
        && (!(itmProbability >= 0 && itmProbability <= 1) || itcCosine.isNaN())) {
      throw new IllegalArgumentException(
          "match probability %s and cosine %s are no scores; is the filter's checkpoint damaged?"
              .formatted(itmProbability, itcCosine));
    }
  }

  /** A text that nobody has judged yet. */
  public static CapFiltText of(String text, Source source) {
    return new CapFiltText(text, source, null, null, false);
  }

  /** The same with the filter's scores. */
  public CapFiltText withScores(float probability, float cosine) {
    return new CapFiltText(text, source, probability, cosine, kept);
  }

  /** The same with another decision. */
  public CapFiltText withKept(boolean stays) {
    return new CapFiltText(text, source, itmProbability, itcCosine, stays);
  }
}
