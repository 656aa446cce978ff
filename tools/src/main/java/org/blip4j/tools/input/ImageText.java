package org.blip4j.tools.input;

/**
 * An image with a text: one that may describe it, or a question about it.
 *
 * @param image with its bytes, or with what is wrong with it
 * @param text the text
 */
public record ImageText(LoadedImage image, String text) {

  public byte[] bytes() {
    return ((LoadedImage.Bytes) image.content()).value();
  }
}
