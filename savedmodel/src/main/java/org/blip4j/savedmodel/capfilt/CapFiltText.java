package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import java.util.Objects;

/**
 * A text beside an image: who wrote it, what the filter thinks of it, and whether it stays.
 *
 * @param text as it came or was written
 * @param source who wrote it
 * @param itmProbability the filter's match probability, 0 to 1; null where no filter was asked
 * @param itcCosine cosine of the filter's contrastive features; null where no filter was asked
 * @param kept whether it is part of the new set
 * @param dropped why it is not; null where it is, where nobody has decided yet, and in what older
 *     versions wrote
 * @see CapFiltStep
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CapFiltText(
    String text,
    Source source,
    @JsonProperty("itm_probability") Float itmProbability,
    @JsonProperty("itc_cosine") Float itcCosine,
    boolean kept,
    Dropped dropped) {
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

  /** Why a text is not part of the new set: the first of these that holds. */
  public enum Dropped {
    /** Texts of its source take no part. */
    @JsonProperty("source")
    SOURCE,
    /** Its picture breaks a rule. */
    @JsonProperty("picture")
    PICTURE,
    /** Too few or too many words or characters. */
    @JsonProperty("length")
    LENGTH,
    /** Its letters are of other scripts. */
    @JsonProperty("script")
    SCRIPT,
    /** It lacks a pattern or has one that is refused. */
    @JsonProperty("pattern")
    PATTERN,
    /** Other candidates for its picture are better, or one is equal. */
    @JsonProperty("rank")
    RANK,
    /** It does not match its picture. */
    @JsonProperty("threshold")
    THRESHOLD,
    /** An earlier picture has the same pixels. */
    @JsonProperty("same picture")
    SAME_PICTURE,
    /** An earlier text is equal or near. */
    @JsonProperty("same text")
    SAME_TEXT,
    /** The same text was written, and stays, for enough earlier pictures. */
    @JsonProperty("too often")
    TOO_OFTEN;

    /** The name in score files and statistics. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
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
    return new CapFiltText(text, source, null, null, false, null);
  }

  /** Why it is not kept; older versions, which had the threshold alone, did not say. */
  public Dropped reason() {
    return dropped == null ? Dropped.THRESHOLD : dropped;
  }

  /** The same with the filter's scores. */
  public CapFiltText withScores(float probability, float cosine) {
    return new CapFiltText(text, source, probability, cosine, kept, dropped);
  }

  /** The same, part of the new set. */
  public CapFiltText asKept() {
    return new CapFiltText(text, source, itmProbability, itcCosine, true, null);
  }

  /** The same, left out of the new set. */
  public CapFiltText asDropped(Dropped why) {
    return new CapFiltText(text, source, itmProbability, itcCosine, false, why);
  }
}
