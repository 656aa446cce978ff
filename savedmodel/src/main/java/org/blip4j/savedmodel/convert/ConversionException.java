package org.blip4j.savedmodel.convert;

import java.io.IOException;

/** Weights that do not fit the model that they should become; the report lists everything. */
public final class ConversionException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient ConversionReport report;

  ConversionException(String message, ConversionReport report) {
    super(message);
    this.report = report;
  }

  /** What fits and what does not. */
  public ConversionReport report() {
    return report;
  }
}
