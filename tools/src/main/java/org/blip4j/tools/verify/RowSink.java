package org.blip4j.tools.verify;

/** Takes the rows of a verification as they come. */
@FunctionalInterface
public interface RowSink {
  /** Takes one row. */
  void accept(CheckRow row);
}
