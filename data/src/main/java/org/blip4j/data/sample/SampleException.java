package org.blip4j.data.sample;

import java.io.IOException;

/** A record that is whole but is not a usable sample: no image column, not an image, cut short. */
public final class SampleException extends IOException {
  private static final long serialVersionUID = 1;

  /** Makes an exception with one clear line. */
  public SampleException(String message) {
    super(message);
  }

  /** Makes an exception with one clear line and its cause. */
  public SampleException(String message, Throwable cause) {
    super(message, cause);
  }
}
