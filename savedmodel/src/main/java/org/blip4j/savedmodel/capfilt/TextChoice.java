package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which texts a new set is made of ({@code --texts}). */
public enum TextChoice {
  /** Only texts that came with the images; no captioner is needed. */
  @JsonProperty("web")
  web,
  /** Only texts that the captioner writes. */
  @JsonProperty("synthetic")
  synthetic,
  /** Both, each judged for itself. */
  @JsonProperty("both")
  both;

  /** Whether texts of this source take part. */
  public boolean includes(TextSource source) {
    return switch (this) {
      case web -> source == TextSource.WEB;
      case synthetic -> source == TextSource.SYNTHETIC;
      case both -> true;
    };
  }
}
