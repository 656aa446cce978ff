package org.blip4j.graph.weights;

import java.io.IOException;

/** Weights that do not fit a model; the message lists every problem, the report all the rest. */
public final class WeightImportException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient ImportReport report;

  WeightImportException(ImportReport report) {
    super(report.source() + ": " + report.complaint().orElseThrow());
    this.report = report;
  }

  /** What fits and what does not. */
  public ImportReport report() {
    return report;
  }
}
