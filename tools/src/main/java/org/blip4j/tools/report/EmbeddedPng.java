package org.blip4j.tools.report;

import java.util.Base64;

/**
 * A PNG picture as it stands inside a page.
 *
 * @param base64 its bytes in Base64
 */
public record EmbeddedPng(String base64) {
  /** Refuses what would break out of the page. */
  public EmbeddedPng {
    Base64.getDecoder().decode(base64);
  }

  /** Wraps the bytes of a PNG file. */
  public static EmbeddedPng of(byte[] png) {
    return new EmbeddedPng(Base64.getEncoder().encodeToString(png));
  }

  public String source() {
    return "data:image/png;base64," + base64;
  }
}
