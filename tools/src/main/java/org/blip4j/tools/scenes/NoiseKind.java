package org.blip4j.tools.scenes;

/** How a web text came about. */
public enum NoiseKind {
  /** A caption of the picture itself. */
  CAPTION("its own caption"),
  /** A caption of another picture of the set. */
  OTHER_PICTURE("another picture's caption"),
  /** A caption of the picture with one colour or shape exchanged. */
  WRONG_ATTRIBUTE("one attribute wrong"),
  /** A file name such as "img 4821 jpg". */
  FILE_NAME("a file name"),
  /** An advertisement such as "buy now free shipping". */
  ADVERTISING("advertising");

  private final String description;

  NoiseKind(String description) {
    this.description = description;
  }

  /** A few words for reports. */
  public String description() {
    return description;
  }
}
