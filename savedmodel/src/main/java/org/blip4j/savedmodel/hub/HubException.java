package org.blip4j.savedmodel.hub;

import java.io.IOException;

/** A model that cannot be had from the hub; one line that says why and what to do. */
public final class HubException extends IOException {
  private static final long serialVersionUID = 1L;

  HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message, cause);
  }
}
