package org.blip4j.tools.scenes;

/**
 * A text as the web would have it beside a picture, and the truth about it.
 *
 * @param text lower case, no punctuation
 * @param kind how it came about
 * @param right whether it describes the picture fully; another picture's caption may by chance
 */
public record WebText(String text, NoiseKind kind, boolean right) {
  public static WebText right(String text) {
    return new WebText(text, NoiseKind.CAPTION, true);
  }
}
