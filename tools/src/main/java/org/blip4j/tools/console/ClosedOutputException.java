package org.blip4j.tools.console;

import java.io.IOException;

/** Standard output was closed by its reader, as {@code blip ... | head} does. */
final class ClosedOutputException extends IOException {
  private static final long serialVersionUID = 1L;

  ClosedOutputException(IOException cause) {
    super("standard output was closed", cause);
  }
}
