package org.blip4j.data.sample;

import com.google.common.base.CharMatcher;
import java.io.IOException;

/** A record that is whole but is not a usable sample: no image column, not an image, cut short. */
public final class SampleException extends IOException {
  private static final long serialVersionUID = 1;

  /** Makes an exception with one clear line. */
  public SampleException(String message) {
    super(oneLine(message));
  }

  /** Makes an exception with one clear line and its cause. */
  public SampleException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names that a record gives may have any characters. */
  private static String oneLine(String message) {
    return CharMatcher.javaIsoControl().replaceFrom(message, '?');
  }
}
