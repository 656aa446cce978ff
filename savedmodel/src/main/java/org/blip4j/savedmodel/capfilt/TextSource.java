package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a text beside an image comes from. */
public enum TextSource {
  /** It came with the image. */
  @JsonProperty("web")
  WEB("web"),
  /** The captioner wrote it. */
  @JsonProperty("synthetic")
  SYNTHETIC("synthetic");

  private final String word;

  TextSource(String word) {
    this.word = word;
  }

  /** The name in records and score files. */
  public String word() {
    return word;
  }
}
