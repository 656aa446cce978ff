package org.blip4j.training.run;

import java.io.IOException;

/** A loss or gradient is no longer a finite number, so that going on is useless. */
public final class DivergedException extends IOException {
  private static final long serialVersionUID = 1L;

  DivergedException(String message) {
    super(message);
  }
}
